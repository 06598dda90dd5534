package grounding

import "strings"

// dimension is what a number counts. Numbers of different ones never stand for each other.
type dimension string

const (
	dimBytes    dimension = "bytes"
	dimSeconds  dimension = "seconds"
	dimByteRate dimension = "bytes per second"
	dimRequests dimension = "requests per second"
	dimShare    dimension = "share"
	dimFactor   dimension = "factor"
	dimCount    dimension = "count"
)

// unit is one that may follow a number. People write MB for MiB: such units have both factors.
type unit struct {
	dim     dimension
	factors []float64
}

const (
	kilo, mega, giga, tera, peta = 1e3, 1e6, 1e9, 1e12, 1e15
	kibi, mebi, gibi, tebi, pebi = 1 << 10, 1 << 20, 1 << 30, 1 << 40, 1 << 50
	minute, hour, day, week      = 60.0, 3600.0, 86400.0, 604800.0
)

// units holds them in lower case; those of a single letter are told apart in unitOf.
var units = map[string]unit{
	"b": {dimBytes, []float64{1}}, "byte": {dimBytes, []float64{1}},
	"kb": {dimBytes, []float64{kibi, kilo}}, "kilobyte": {dimBytes, []float64{kibi, kilo}},
	"mb": {dimBytes, []float64{mebi, mega}}, "meg": {dimBytes, []float64{mebi, mega}}, "megabyte": {dimBytes, []float64{mebi, mega}},
	"gb": {dimBytes, []float64{gibi, giga}}, "gig": {dimBytes, []float64{gibi, giga}}, "gigabyte": {dimBytes, []float64{gibi, giga}},
	"tb": {dimBytes, []float64{tebi, tera}}, "terabyte": {dimBytes, []float64{tebi, tera}},
	"pb":  {dimBytes, []float64{pebi, peta}},
	"kib": {dimBytes, []float64{kibi}}, "ki": {dimBytes, []float64{kibi}}, "kibibyte": {dimBytes, []float64{kibi}},
	"mib": {dimBytes, []float64{mebi}}, "mi": {dimBytes, []float64{mebi}}, "mebibyte": {dimBytes, []float64{mebi}},
	"gib": {dimBytes, []float64{gibi}}, "gi": {dimBytes, []float64{gibi}}, "gibibyte": {dimBytes, []float64{gibi}},
	"tib": {dimBytes, []float64{tebi}}, "ti": {dimBytes, []float64{tebi}}, "tebibyte": {dimBytes, []float64{tebi}},
	"pib": {dimBytes, []float64{pebi}}, "pi": {dimBytes, []float64{pebi}},
	"page": {dimBytes, []float64{4096}},
	"ns":   {dimSeconds, []float64{1e-9}}, "us": {dimSeconds, []float64{1e-6}}, "μs": {dimSeconds, []float64{1e-6}},
	"ms": {dimSeconds, []float64{1e-3}}, "msec": {dimSeconds, []float64{1e-3}}, "millisecond": {dimSeconds, []float64{1e-3}},
	"microsecond": {dimSeconds, []float64{1e-6}}, "nanosecond": {dimSeconds, []float64{1e-9}},
	"s": {dimSeconds, []float64{1}}, "sec": {dimSeconds, []float64{1}}, "second": {dimSeconds, []float64{1}},
	"m": {dimSeconds, []float64{minute}}, "min": {dimSeconds, []float64{minute}}, "minute": {dimSeconds, []float64{minute}},
	"h": {dimSeconds, []float64{hour}}, "hr": {dimSeconds, []float64{hour}}, "hour": {dimSeconds, []float64{hour}},
	"d": {dimSeconds, []float64{day}}, "day": {dimSeconds, []float64{day}},
	"w": {dimSeconds, []float64{week}}, "wk": {dimSeconds, []float64{week}}, "week": {dimSeconds, []float64{week}},
	"%": {dimShare, []float64{0.01}}, "percent": {dimShare, []float64{0.01}}, "pct": {dimShare, []float64{0.01}},
	"percentage": {dimShare, []float64{0.01}}, "pp": {dimShare, []float64{0.01}},
	"x": {dimFactor, []float64{1}}, "fold": {dimFactor, []float64{1}}, "time": {dimFactor, []float64{1}},
	"rps": {dimRequests, []float64{1}}, "qps": {dimRequests, []float64{1}},
}

// unitOf reads a unit of its own: GiB, mins, megabytes, h. A K, M, G or T alone is an amount of memory.
func unitOf(word string) (unit, bool) {
	switch word {
	case "K", "k":
		return unit{dimBytes, []float64{kibi, kilo}}, true
	case "M":
		return unit{dimBytes, []float64{mebi, mega}}, true
	case "G", "g":
		return unit{dimBytes, []float64{gibi, giga}}, true
	case "T":
		return unit{dimBytes, []float64{tebi, tera}}, true
	}
	low := strings.ToLower(word)
	if u, ok := units[low]; ok {
		return u, true
	}
	if u, ok := units[strings.TrimSuffix(low, "s")]; ok && len(low) > 2 {
		return u, true
	}
	return unit{}, false
}

// timeUnit reads a unit of time, and how many seconds it has.
func timeUnit(word string) (float64, bool) {
	u, ok := unitOf(word)
	if !ok || u.dim != dimSeconds {
		return 0, false
	}
	return u.factors[0], true
}

// attachedUnit reads the unit that follows a number in the same word, as in 2GiB, 50-minute, 1.57GiB/h. Left is what
// follows it.
func attachedUnit(rest string) (u unit, left string, ok bool) {
	rest = strings.TrimLeft(rest, "-")
	end := strings.IndexAny(rest, "/-")
	if end < 0 {
		end = len(rest)
	}
	u, ok = unitOf(rest[:end])
	return u, rest[end:], ok
}

// requestNouns are what traffic is counted in.
var requestNouns = map[string]bool{
	"request": true, "requests": true, "req": true, "reqs": true, "r": true, "hits": true, "queries": true, "calls": true,
}
