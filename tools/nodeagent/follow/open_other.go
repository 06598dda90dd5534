//go:build !linux

package follow

import (
	"errors"
	"time"
)

// errUnsupported is for systems whose kernel keeps no log that can be read.
var errUnsupported = errors.New("the kernel log can be followed on Linux only")

var began = time.Now()

func sinceBoot() time.Duration { return time.Since(began) }

func openKmsg(Options) (*Log, error)   { return nil, errUnsupported }
func openSyslog(Options) (*Log, error) { return nil, errUnsupported }
