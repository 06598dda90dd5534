package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, tt := range map[string]struct {
		args []string
		code int
		out  string
		err  string
		file string
	}{
		"list":         {[]string{"-list"}, 0, "leak_after_deploy", "", ""},
		"one":          {[]string{"-kind", "liveness", "-seed", "2", "-small", "-out", at("one")}, 0, "", "", "one/incident.yaml"},
		"several":      {[]string{"-kind", "liveness", "-seeds", "2", "-small", "-out", at("many")}, 0, "", "", "many/liveness-2/truth.yaml"},
		"unknown kind": {[]string{"-kind", "nothing", "-out", at("x")}, 1, "", `unknown kind of incident "nothing"`, ""},
		"no folder":    {[]string{"-kind", "liveness"}, 2, "", "give -out", ""},
		"both":         {[]string{"-kind", "liveness", "-all", "-out", at("x")}, 2, "", "give -out", ""},
		"unknown flag": {[]string{"-nope"}, 2, "", "not defined", ""},
		"help":         {[]string{"-h"}, 2, "", "Usage", ""},
	} {
		var out, errs bytes.Buffer
		if code := run(tt.args, &out, &errs); code != tt.code {
			t.Errorf("%s: exit status %d: %s", name, code, errs.String())
		}
		if !strings.Contains(out.String(), tt.out) || !strings.Contains(errs.String(), tt.err) {
			t.Errorf("%s: %q, %q", name, out.String(), errs.String())
		}
		if tt.file != "" {
			if _, err := os.Stat(at(filepath.FromSlash(tt.file))); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}
