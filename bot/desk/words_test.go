package desk

import (
	"testing"
	"time"
)

func TestUnderstand(t *testing.T) {
	tests := []struct {
		text     string
		inThread bool
		want     verb
		target   string
	}{
		{"investigate shop/checkout", false, verbInvestigate, "shop/checkout"},
		{"investigate `shop/checkout-7c9d8f6b5-x2x4p`", false, verbInvestigate, "shop/checkout-7c9d8f6b5-x2x4p"},
		{"investigate shop/deployment/checkout please", false, verbInvestigate, "shop/deployment/checkout"},
		{"Investigate node/ip-10-0-0-1.ec2.internal", false, verbInvestigate, "node/ip-10-0-0-1.ec2.internal"},
		{"investigate checkout", false, verbInvestigate, "checkout"},
		{"investigate checkout in shop", false, verbInvestigate, "shop/checkout"},
		{"investigate shop/checkout:app", false, verbInvestigate, "shop/checkout/app"},
		{"shop/checkout", false, verbInvestigate, "shop/checkout"},
		{"shop/checkout?", false, verbInvestigate, "shop/checkout"},
		{"what killed checkout?", false, verbInvestigate, "checkout"},
		{"What killed checkout in the shop namespace?", false, verbInvestigate, "shop/checkout"},
		{"why did the checkout pod die last night?", false, verbInvestigate, "checkout"},
		{"why is shop/checkout restarting", false, verbInvestigate, "shop/checkout"},
		{"who oom-killed postgres-0 in namespace db?", false, verbInvestigate, "db/postgres-0"},
		{"what happened to gateway", false, verbInvestigate, "gateway"},
		{"checkout's pods keep crashing", false, verbInvestigate, "checkout"},
		{"check payments/api", false, verbInvestigate, "payments/api"},
		{"please investigate shop/checkout", false, verbInvestigate, "shop/checkout"},
		{"why not the sidecar?", true, verbAsk, ""},
		{"was it the deploy?", true, verbAsk, ""},
		{"what killed it?", true, verbAsk, ""},
		{"investigate again", true, verbRerun, ""},
		{"investigate", true, verbRerun, ""},
		{"re-run", true, verbRerun, ""},
		{"history", false, verbHistory, ""},
		{"history shop/checkout", false, verbHistory, "shop/checkout"},
		{"similar", true, verbSimilar, ""},
		{"mute 1h", true, verbMute, ""},
		{"mute shop/checkout 2h", false, verbMute, "shop/checkout"},
		{"stop", true, verbStop, ""},
		{"Stop!", true, verbStop, ""},
		{"help", false, verbHelp, ""},
		{"", false, verbHelp, ""},
		{"thanks, looks good", true, verbNone, ""},
		{"I rolled it back", true, verbNone, ""},
		{"hello there", false, verbNone, ""},
	}
	for _, tt := range tests {
		got := understand(tt.text, tt.inThread)
		if got.verb != tt.want || got.target != tt.target || got.wrong != "" {
			t.Errorf("understand(%q, in a thread %t) = %q of %q (%s), want %q of %q", tt.text, tt.inThread, got.verb, got.target, got.wrong, tt.want, tt.target)
		}
	}
}

func TestUnderstandValues(t *testing.T) {
	c := understand("mute shop/checkout 2h", false)
	if c.span != 2*time.Hour {
		t.Errorf("it is muted for %s, want two hours", c.span)
	}
	if c = understand("mute", true); c.span != time.Hour {
		t.Errorf("without a span it is muted for %s, want an hour", c.span)
	}
	c = understand("investigate shop/checkout at 2026-03-04T02:17:09Z window 7d", false)
	if want := time.Date(2026, 3, 4, 2, 17, 9, 0, time.UTC); !c.at.Equal(want) || c.window != 7*24*time.Hour {
		t.Errorf("at %s, window %s", c.at, c.window)
	}
	if c = understand("investigate shop/checkout --at=2026-03-04T02:17:09Z", false); c.at.IsZero() {
		t.Error("an option as on the command line is not understood")
	}
	for _, wrong := range []string{"investigate", "investigate shop/checkout at yesterday", "investigate shop/checkout window"} {
		if c := understand(wrong, false); c.wrong == "" {
			t.Errorf("%q is understood as %+v, want what is wrong with it", wrong, c)
		}
	}
}

func FuzzUnderstand(f *testing.F) {
	for _, s := range []string{"investigate shop/checkout at 02:17", "mute 1h", "what killed `x`?", "\x00/\x00", "a/b/c/d", "node/", "/", "::"} {
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, s string, inThread bool) {
		c := understand(s, inThread)
		if c.target != "" && !slashed.MatchString(c.target) && !name.MatchString(c.target) {
			t.Errorf("understand(%q) names %q, which nothing is called", s, c.target)
		}
		if c.verb == verbInvestigate && c.target == "" && c.wrong == "" {
			t.Errorf("understand(%q) investigates nothing", s)
		}
	})
}

// TestMeant has people talk in a thread without a mention.
func TestMeant(t *testing.T) {
	tests := map[string]bool{
		"why is it a leak?":      true,
		"what can I do about it": true,
		"was it the deploy?":     true,
		"re-run":                 true,
		"stop please":            true,
		"mute 1h":                true,
		"history":                true,
		"investigate shop/cart":  true,
		"Stop deploying until this is sorted out":         false,
		"check the dashboards":                            false,
		"again the same pod":                              false,
		"history repeats itself":                          false,
		"<@U2> can you look?":                             false,
		"why did you deploy on a Friday, <@U2>?":          false,
		"thanks, I rolled it back":                        false,
		"retry with a higher limit and see how that goes": false,
	}
	for text, want := range tests {
		if got := understand(text, true).meant(); got != want {
			t.Errorf("%q is for the bot: %t, want %t", text, got, want)
		}
	}
}
