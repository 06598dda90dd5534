package grounding

import "testing"

func TestClaims(t *testing.T) {
	for text, want := range map[string]bool{
		"The kernel killed gateway at its memory limit.": true,
		"Memory grew.":                            true,
		"It restarted 3 times.":                   true,
		"gateway leaks.":                          true,
		"Traffic was flat over that life.":        true,
		"Roll back to revision 18.":               true,
		"The deploy of revision 19 set it off.":   true,
		"Root cause: gateway leaks memory.":       true,
		"Here is why the node ran out of memory.": true,
		"42": true,

		"":                                false,
		"***":                             false,
		"Summary":                         false,
		"What happened:":                  false,
		"Root cause:":                     false,
		"Here is what the evidence says.": false,
		"In short:":                       false,
		"Why did it die?":                 false,
		"The evidence is as follows.":     false,
		"Next steps":                      false,
	} {
		if got := Claims(Sentence{Text: text}); got != want {
			t.Errorf("%q: got %t, want %t", text, got, want)
		}
	}
}

func TestAbsent(t *testing.T) {
	tests := []struct {
		example, text string
		want          bool
	}{
		{"leak-after-deploy", "No container logs were recorded.", true},
		{"leak-after-deploy", "Container logs are missing.", true},
		{"leak-innocent-deploy", "No heap profile was available, so the function can't be named.", true},
		{"leak-after-deploy", "No heap profile was available.", false},
		{"leak-after-deploy", "The kernel log was not available.", false},
		{"leak-after-deploy", "The container hit its limit.", false},
		{"leak-after-deploy", "No container logs were recorded, and the node ran out of memory.", false},
		{"leak-after-deploy", "", false},
	}
	for _, tt := range tests {
		if got := Absent(loadCase(t, tt.example), Sentence{Text: tt.text}); got != tt.want {
			t.Errorf("%s: %q: got %t, want %t", tt.example, tt.text, got, tt.want)
		}
	}
}
