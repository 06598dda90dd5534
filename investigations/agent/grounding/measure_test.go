package grounding

import "testing"

func TestMeasureOfAnAmount(t *testing.T) {
	tests := []struct {
		text string
		want measure
	}{
		{"its limit of 2 GiB", measureLimit},
		{"a limit of 2 GiB", ""},
		{"the 2 GiB limit", measureLimit},
		{"its heap ceiling is about 2 GiB", measureCeiling},
		{"it used 2 GiB", measureUsed},
		{"it may use 2 GiB", ""},
		{"2 GiB of page cache", measureCache},
		{"2 GiB of anonymous memory", measureAnon},
		{"2 GiB available on the node", measureAvailable},
		{"grew by 2 GiB", ""},
		{"(limit) 2 GiB", ""},
	}
	for _, tt := range tests {
		s := scanned(tt.text, nil)
		if len(s.found) != 1 {
			t.Fatalf("%q: %d literals", tt.text, len(s.found))
		}
		if got := s.found[0].measure; got != tt.want {
			t.Errorf("%q: %q, want %q", tt.text, got, tt.want)
		}
	}
}

func TestMeasuresStandForOthers(t *testing.T) {
	for _, tt := range []struct {
		is, as measure
		want   bool
	}{
		{measureLimit, measureLimit, true},
		{"", measureLimit, true},
		{measureRequest, "", true},
		{measureRequest, measureLimit, false},
		{measureAnon, measureCache, false},
		{measureUsed, measureAnon, true},
		{measureLimit, measureUsed, false},
		{measureTotal, measureLimit, true},
		{measureLimit, measureTotal, false},
		{measureAdvised, measureLimit, false},
	} {
		if got := tt.is.stands(tt.as); got != tt.want {
			t.Errorf("%q told as %q: %v", tt.is, tt.as, got)
		}
	}
}

func TestProperNames(t *testing.T) {
	tests := []struct {
		text string
		want string
	}{
		{"The change was made by Anna of another team.", "Anna"},
		{"The objects are kept by Hibernate's cache.", "Hibernate"},
		{"The Pod hit its Limit, as Kubernetes says.", ""},
		{"The kill was on Valentine's Day.", ""},
		{"Gateway Leaks Memory Since Revision Nineteen", ""},
		{"What happened: The container died.", ""},
	}
	for _, tt := range tests {
		got := ""
		for _, lit := range scanned(tt.text, func(string) bool { return false }).found {
			if lit.kind == Name {
				got = lit.text
			}
		}
		if got != tt.want {
			t.Errorf("%q: the name %q, want %q", tt.text, got, tt.want)
		}
	}
}
