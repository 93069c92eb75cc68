package daemon

import (
	"fmt"

	"constat/internal/config"
	"constat/internal/rule"
	"constat/internal/search"
	"constat/journal/layout"
)

// rulesOf makes the rules of a configuration. Whoever asks them makes a set of its own: queries are not safe for
// concurrent use.
func rulesOf(c *config.Config) (*rule.Set, error) {
	var rules []rule.Rule
	for _, r := range c.AllRules() {
		made, err := rulesFrom(r)
		if err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
		rules = append(rules, made...)
	}
	return rule.New(rules), nil
}

// rulesFrom makes what one rule of the configuration says: one rule, or those of a file.
func rulesFrom(r config.Rule) ([]rule.Rule, error) {
	dialect, err := rule.ParseDialect(r.Dialect)
	if err != nil {
		return nil, err
	}
	if r.File != "" {
		return rulesIn(r.File, dialect)
	}
	made := rule.Rule{Selector: r.Selector, Action: actionOf(r)}
	if r.Selector != "" {
		made.Select, err = rule.ParseSelector(r.Selector, dialect)
		return []rule.Rule{made}, err
	}
	filter, err := r.Filter()
	if err != nil {
		return nil, err
	}
	made.Select = rule.Everything()
	made.Query, err = search.Condition(filter, layout.Journal{Name: r.Journal})
	return []rule.Rule{made}, err
}

// rulesIn reads a syslog.conf. One with an error is refused whole.
func rulesIn(name string, d rule.Dialect) ([]rule.Rule, error) {
	set, problems, err := rule.Read(name, d)
	if err != nil {
		return nil, err
	}
	for _, p := range problems {
		if p.Severity == rule.Error {
			return nil, fmt.Errorf("%w; 'constat rules lint %s' tells more", p, name)
		}
	}
	return set.Rules, nil
}

func actionOf(r config.Rule) rule.Action {
	switch {
	case r.Discard:
		return rule.Action{Kind: rule.Discard}
	case r.Journal != "":
		return rule.Action{Kind: rule.Journal, Target: r.Journal}
	}
	return rule.Action{Kind: rule.Output, Target: r.To}
}

// servedRules are the rules of a configuration if somebody serves each target: a message that goes nowhere must not look
// as if it did.
func servedRules(c *config.Config) (*rule.Set, error) {
	s, err := rulesOf(c)
	if err != nil {
		return nil, err
	}
	for _, target := range s.Targets {
		if target.Kind != rule.Journal {
			return nil, fmt.Errorf("rules: %q: there are no outputs yet, only rules with journal or discard", target)
		}
	}
	return s, nil
}
