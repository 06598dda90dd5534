package main

import (
	"io"
	"slices"
	"testing"
)

func TestParse(t *testing.T) {
	o, err := parse([]string{"--dir", "d", "--etcd", "127.0.0.1:1", "--listen", "127.0.0.1:2", "--", "--v=2"}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	if o.dir != "d" || o.etcd.Port != 1 || o.listen.Port != 2 || !slices.Equal(o.apiserver, []string{"--v=2"}) {
		t.Errorf("parsed %+v", o)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, args := range map[string][]string{
		"no folder":             {},
		"all interfaces":        {"--dir", "d", "--listen", ":6443"},
		"etcd not on loopback":  {"--dir", "d", "--etcd", "192.0.2.1:2379"},
		"a port that is picked": {"--dir", "d", "--listen", "127.0.0.1:0"},
		"an unknown flag":       {"--dir", "d", "--v=2"},
	} {
		if o, err := parse(args, io.Discard); err == nil {
			t.Errorf("%s is accepted: %+v", name, o)
		}
	}
}
