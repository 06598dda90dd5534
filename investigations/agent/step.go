package agent

import (
	"fmt"

	"github.com/oombot/oombot/investigations"
)

// step tells those who watch what is done.
func (t *talk) step(format string, args ...any) {
	if t.opt.Progress == nil {
		return
	}
	t.opt.Progress(Step{
		Says:  t.opt.Redact(investigations.CleanText(fmt.Sprintf(format, args...), 300)),
		Calls: t.spent.calls, Tokens: t.spent.tokens(),
	})
}
