package config

import (
	"errors"
	"fmt"

	"constat/internal/rule"
	"constat/journal/layout"
	"constat/query"
)

// Rule says where entries go. It has one of Selector and Query, and one of To, Journal and Discard. Rules are asked in
// their order.
type Rule struct {
	// Selector is a list of selectors of a syslog.conf, such as "*.info;mail.none".
	Selector string `yaml:"selector"`
	// Query is a filter of the query language, such as "app:sshd failed". Times, indexes, boots and journals have no
	// place in it.
	Query string `yaml:"query"`
	// Dialect is that of Selector: accumulate, the default, or bsd.
	Dialect string `yaml:"dialect"`
	// To is the name of one of the outputs. Once a rule names it, it gets only what rules send it.
	To string `yaml:"to"`
	// Journal keeps entries in a journal of their own. The first rule that selects an entry and has one counts; without
	// one it is "system".
	Journal string `yaml:"journal"`
	// Discard hides entries from the rules behind. They stay in their journal.
	Discard bool `yaml:"discard"`
}

// Route is the former way to write a rule with a query and a journal.
type Route struct {
	Journal string `yaml:"journal"`
	Select  string `yaml:"select"`
}

// AllRules returns the rules, those that are written as routes too.
func (c *Config) AllRules() []Rule {
	var rules []Rule
	for _, r := range c.Routes {
		rules = append(rules, Rule{Query: r.Select, Journal: r.Journal})
	}
	return append(rules, c.Rules...)
}

// Filter is what the query selects.
func (r Rule) Filter() (query.Node, error) { return filterOf(r.Query) }

// Filter is what the route selects.
func (r Route) Filter() (query.Node, error) { return filterOf(r.Select) }

func filterOf(text string) (query.Node, error) {
	q, err := query.Parse(text)
	if err != nil {
		return nil, err
	}
	if len(q.Pipes) > 0 {
		return nil, errors.New("want a filter, without \"|\"")
	}
	query.Walk(q.Filter, func(n query.Node) {
		switch n.(type) {
		case query.Time, query.Index, query.Boot, query.Journal:
			err = fmt.Errorf("%s: times, indexes, boots and journals have no place in a rule", query.Print(n))
		}
	})
	return q.Filter, err
}

// validateRules finds rules that select nothing that can be, or go nowhere.
func (c *Config) validateRules() (found []problem) {
	if len(c.Routes) > 0 && len(c.Rules) > 0 {
		found = append(found, problem{"routes", "stand beside rules: write each as a rule, with query in place of select"})
	}
	for i, r := range c.Routes {
		key := fmt.Sprintf("routes[%d]", i)
		found = append(found, journalOf(key, r.Journal)...)
		if r.Select == "" {
			found = append(found, problem{key + ".select", "is missing: want a filter, such as level:debug"})
		} else if _, err := r.Filter(); err != nil {
			found = append(found, problem{key + ".select", err.Error()})
		}
	}
	for i, r := range c.Rules {
		key := fmt.Sprintf("rules[%d]", i)
		found = append(found, r.validate(key)...)
		if r.To != "" && !c.hasOutput(r.To) {
			found = append(found, problem{key + ".to", fmt.Sprintf("there is no output called %q: name it under outputs", r.To)})
		}
	}
	return found
}

func (c *Config) hasOutput(name string) bool {
	for _, o := range c.Outputs {
		if o.Name == name {
			return true
		}
	}
	return false
}

func (r Rule) validate(key string) (found []problem) {
	dialect, err := rule.ParseDialect(r.Dialect)
	if err != nil {
		found = append(found, problem{key + ".dialect", err.Error()})
	} else if r.Dialect != "" && r.Query != "" {
		found = append(found, problem{key + ".dialect", "says nothing about a query"})
	}
	switch {
	case count(r.Selector != "", r.Query != "") != 1:
		found = append(found, problem{key, "want one of selector and query"})
	case r.Selector != "" && err == nil:
		if _, err := rule.ParseSelector(r.Selector, dialect); err != nil {
			found = append(found, problem{key + ".selector", err.Error()})
		}
	case r.Query != "":
		if _, err := r.Filter(); err != nil {
			found = append(found, problem{key + ".query", err.Error()})
		}
	}
	return append(found, r.validateTarget(key)...)
}

func (r Rule) validateTarget(key string) []problem {
	if count(r.To != "", r.Journal != "", r.Discard) != 1 {
		return []problem{{key, "want one of to: OUTPUT, journal: NAME and discard: true"}}
	}
	if r.Journal != "" {
		return journalOf(key, r.Journal)
	}
	return nil
}

func count(conditions ...bool) (n int) {
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}

// journalOf finds a journal that cannot be the target of a rule.
func journalOf(key, name string) []problem {
	if err := layout.ValidJournalName(name); err != nil {
		return []problem{{key + ".journal", err.Error()}}
	}
	if name == layout.ImportedName {
		return []problem{{key + ".journal", "\"imported\" is for imports: name another one"}}
	}
	return nil
}
