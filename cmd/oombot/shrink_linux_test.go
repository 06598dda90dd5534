package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUnchanged(t *testing.T) {
	const smaps = `00400000-02000000 r-xp 00000000 fe:00 1234                               /usr/bin/oombot
Size:              28672 kB
Anonymous:             0 kB
VmFlags: rd ex mr mw me
02000000-04000000 r--p 01c00000 fe:00 1234                               /usr/bin/oombot
Size:              32768 kB
Anonymous:             8 kB
04000000-04100000 rw-p 03c00000 fe:00 1234                               /usr/bin/oombot
Anonymous:             0 kB
05000000-05001000 r--p 00000000 fe:00 99                                 /usr/share/zoneinfo/UTC
Anonymous:             0 kB
06000000-06001000 r--p 00000000 fe:00 1234                               /usr/bin/oombot
Anonymous:             0 kB
7f0000000000-7f0000001000 rw-p 00000000 00:00 0
Anonymous:             0 kB
`
	got := unchanged(strings.NewReader(smaps), "/usr/bin/oombot")
	want := []mapping{{0x400000, 0x1c00000}, {0x6000000, 0x1000}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(mapping{})); diff != "" {
		t.Errorf("mappings that hold the file alone (-want +got):\n%s", diff)
	}
	if got := unchanged(strings.NewReader("x\x00y\nzz-zz r-xp 0 0 0 /usr/bin/oombot\nAnonymous: 0 kB\n"), "/usr/bin/oombot"); len(got) != 0 {
		t.Errorf("of text that is none of smaps: %v", got)
	}
}
