package card

import (
	"strings"
	"testing"
	"time"

	"github.com/oombot/oombot/bot"
	inv "github.com/oombot/oombot/investigations"
)

func TestAgain(t *testing.T) {
	same := bot.Again{At: at, Since: 12 * time.Minute, Kills: 3, Span: 14 * time.Minute, SameBoundary: true, SameContainer: true}
	for name, tt := range map[string]struct {
		change func(*bot.Again)
		want   string
	}{
		"the same":           {func(*bot.Again) {}, "Killed again 12 min later, same boundary, same container: 3 kills in 14 min."},
		"another limit":      {func(a *bot.Again) { a.Boundary, a.SameBoundary = inv.BoundaryPod, false }, "Killed again 12 min later, another boundary (pod limit), same container: 3 kills in 14 min."},
		"another container":  {func(a *bot.Again) { a.Container, a.SameContainer = "proxy", false }, "Killed again 12 min later, same boundary, another container (`proxy`): 3 kills in 14 min."},
		"another pod":        {func(a *bot.Again) { a.Pod = "shop-1" }, "Killed again 12 min later, same boundary, same container, another pod (`shop-1`): 3 kills in 14 min."},
		"nothing is known":   {func(a *bot.Again) { *a = bot.Again{Kills: 2} }, "Killed again: 2 kills."},
		"of another":         {func(a *bot.Again) { a.Workload = "shop/deployment/cart" }, "`shop/deployment/cart` was killed again 12 min later, same boundary, same container: 3 kills in 14 min."},
		"looked at":          {func(a *bot.Again) { a.Look = bot.LookedSame }, "Killed again 12 min later, same boundary, same container: 3 kills in 14 min. Looked at again: the same cause as above."},
		"a new verdict":      {func(a *bot.Again) { a.Why, a.Look = bot.AgainReport, bot.LookedRevised }, "Killed again 12 min later, same boundary, same container: 3 kills in 14 min. Of this one there is a report of the kernel. Looked at again: the verdict above is of this kill now."},
		"a hostile pod":      {func(a *bot.Again) { *a = bot.Again{Kills: 2, Pod: "<!channel>`*x*"} }, "Killed again, another pod (`&lt;!channel&gt;ˋ*x*`): 2 kills."},
		"a hostile workload": {func(a *bot.Again) { *a = bot.Again{Kills: 2, Workload: "<@U1>"} }, "`&lt;@U1&gt;` was killed again: 2 kills."},
	} {
		a := same
		tt.change(&a)
		m := Again(a)
		check(t, m)
		if got := shown(t, m); !strings.Contains(got, tt.want) {
			t.Errorf("%s: %s\nwant %s", name, got, tt.want)
		}
	}
}

// TestAgainHasWords has a sentence for each reason and each end of a look.
func TestAgainHasWords(t *testing.T) {
	said := map[string]bool{"": true}
	for _, why := range []bot.AgainWhy{bot.AgainFixed, bot.AgainOver, bot.AgainWrong, bot.AgainReport, bot.AgainRecording} {
		if text := whyAgain(why); said[text] {
			t.Errorf("of %s it says %q", why, text)
		} else {
			said[text] = true
		}
	}
	for _, l := range []bot.Look{bot.LookedSame, bot.LookedRevised, bot.LookedApart, bot.LookedFailed} {
		if text := lookedAgain(l); said[text] {
			t.Errorf("of %s it says %q", l, text)
		} else {
			said[text] = true
		}
	}
}
