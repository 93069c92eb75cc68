package daemon

import (
	"fmt"
	"slices"

	"constat/entry"
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
		made, err := ruleOf(r)
		if err != nil {
			return nil, fmt.Errorf("rules: %w", err)
		}
		rules = append(rules, made)
	}
	return rule.New(rules), nil
}

func ruleOf(r config.Rule) (rule.Rule, error) {
	made := rule.Rule{Selector: r.Selector, Select: rule.Everything(), Action: actionOf(r)}
	if r.Selector != "" {
		dialect, err := rule.ParseDialect(r.Dialect)
		if err == nil {
			made.Select, err = rule.ParseSelector(r.Selector, dialect)
		}
		return made, err
	}
	filter, err := r.Filter()
	if err != nil {
		return made, err
	}
	made.Query, err = search.Condition(filter, layout.Journal{Name: r.Journal})
	return made, err
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

// sentTo says of an entry whether the rules send it to an output. It is nil if no rule names the output.
func sentTo(c *config.Config, output string) (func(*entry.Entry) bool, error) {
	s, err := rulesOf(c)
	if err != nil {
		return nil, err
	}
	target := slices.Index(s.Targets, rule.Action{Kind: rule.Output, Target: output})
	if target < 0 {
		return nil, nil
	}
	return func(e *entry.Entry) bool {
		facts := rule.FactsOf(e)
		return s.Goes(target, &facts)
	}, nil
}
