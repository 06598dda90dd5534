package vm

import (
	"debug/elf"
	"os"
	"testing"

	"github.com/oombot/oombot/e2e/cluster"
)

func TestMain(m *testing.M) {
	os.Exit(cluster.Main(m))
}

// binary is the program that is driven, in the machine and beside it.
func binary(t testing.TB) string {
	t.Helper()
	path := os.Getenv("OOMBOT_E2E_AGENT")
	if path == "" {
		t.Skip("OOMBOT_E2E_AGENT does not name a static program to drive: `make e2e-vm` does")
	}
	return path
}

// TestStatic wants the program to need no library and no loader, as there is none in the machine, nor in the image.
func TestStatic(t *testing.T) {
	f, err := elf.Open(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("it has a segment %s", p.Type)
		}
	}
}

func check[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}
