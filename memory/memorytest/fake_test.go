package memorytest_test

import (
	"testing"
	"time"

	"github.com/oombot/oombot/memory"
	"github.com/oombot/oombot/memory/memorytest"
)

func TestFake(t *testing.T) {
	memorytest.Test(t, func(_ *testing.T, now func() time.Time) memory.Store { return memorytest.New(now) })
}
