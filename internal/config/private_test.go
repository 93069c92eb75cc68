package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func TestPrivate(t *testing.T) {
	name := filepath.Join(t.TempDir(), "constat.yaml")
	read := func(text string) (Config, error) {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return Read(name)
	}
	c, err := read("private:\n  - fields: [EMAIL, 'ex@32473.mail']\n  - {fields: [PHONE], journal: audit, tag: shop}\n")
	want := []Private{{Fields: []string{"EMAIL", "ex@32473.mail"}}, {Fields: []string{"PHONE"}, Journal: "audit", Tag: "shop"}}
	if err != nil || !reflect.DeepEqual(c.Private, want) {
		t.Errorf("%+v %v", c.Private, err)
	}
	for text, key := range map[string]string{
		"private: [{tag: shop}]":                        "private[0].fields",
		"private: [{fields: [A]}, {fields: ['B=']}]":    "private[1].fields[0]",
		"private: [{fields: [A], journal: Not A Name}]": "private[0].journal",
		"private: [{field: A}]":                         "field",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v, want an error about %s", text, err, key)
		}
	}
}
