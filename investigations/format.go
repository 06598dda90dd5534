package investigations

import (
	"math"
	"strconv"
	"time"
)

// FormatBytes returns an amount of memory as a sentence says it: in binary units, to three significant digits
// but never short of a whole digit, without trailing zeros: "512 MiB", "1.46 GiB", "1023 MiB", "0 B". A value
// that is no number is "unknown".
func FormatBytes[N ~int | ~int64 | ~float64](n N) string {
	v := float64(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "unknown"
	}
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	u := 0
	// 1023.5 would round up to 1024 of its unit, which is 1 of the next.
	for math.Abs(v) >= 1023.5 && u < len(units)-1 {
		v /= 1024
		u++
	}
	return threeDigits(v) + " " + units[u]
}

// threeDigits rounds to three significant digits, but never to less than a whole number.
func threeDigits(v float64) string {
	var places float64
	switch abs := math.Abs(v); {
	case abs < 9.995:
		places = 100
	case abs < 99.95:
		places = 10
	default:
		places = 1
	}
	v = math.Round(v*places) / places
	if v == 0 {
		v = 0 // −0 prints as 0
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

// FormatDuration returns a duration as a sentence says it: its two largest units, rounded: "3 h 13 min",
// "45 s", "2 d 4 h", "850 ms". From two weeks on it is whole days; zero is "0 s".
func FormatDuration(d time.Duration) string {
	if d < 0 {
		if d == math.MinInt64 {
			d++
		}
		return "-" + FormatDuration(-d)
	}
	const day = 24 * time.Hour
	switch {
	case d == 0:
		return "0 s"
	case d < time.Millisecond:
		return "<1 ms"
	case d.Round(time.Millisecond) < time.Second:
		return amount(d.Round(time.Millisecond), time.Millisecond, "ms")
	case d.Round(100*time.Millisecond) < 10*time.Second:
		return threeDigits(d.Round(100*time.Millisecond).Seconds()) + " s"
	case d.Round(time.Second) < time.Hour:
		return pair(d.Round(time.Second), time.Minute, "min", time.Second, "s")
	case d.Round(time.Minute) < day:
		return pair(d.Round(time.Minute), time.Hour, "h", time.Minute, "min")
	case d.Round(time.Hour) < 14*day:
		return pair(d.Round(time.Hour), day, "d", time.Hour, "h")
	}
	return amount(d.Round(day), day, "d")
}

func pair(d, large time.Duration, largeUnit string, small time.Duration, smallUnit string) string {
	rest := d % large
	switch {
	case d < large:
		return amount(d, small, smallUnit)
	case rest < small:
		return amount(d, large, largeUnit)
	}
	return amount(d, large, largeUnit) + " " + amount(rest, small, smallUnit)
}

func amount(d, unit time.Duration, name string) string {
	return strconv.FormatInt(int64(d/unit), 10) + " " + name
}
