package kernlog

import (
	"bytes"
	"strings"
	"time"
)

// yearSlack is how far a date may lie behind Now and still count as not in the future: a local time is up to
// 14 hours ahead of UTC, and logs without a year have no zone either.
const yearSlack = 14 * time.Hour

// at returns the date of the record in UTC. A date without a zone is taken as UTC.
func (p *Parser) at(r *record) (time.Time, bool) {
	return parseDate(r.date, r.dateForm, p.opt.Now)
}

func parseDate(b []byte, form dateForm, now time.Time) (time.Time, bool) {
	switch form {
	case dateISO, dateFull:
		return parseISO(b)
	case dateBSD:
		return parseBSD(b, now)
	case dateCtime:
		return parseCtime(b)
	case dateUnix:
		us, ok := decimalMicros(b)
		return time.UnixMicro(us).UTC(), ok
	case dateMicros:
		us, n := leadingInt(b)
		return time.UnixMicro(us).UTC(), n > 0 && n < 18
	}
	return time.Time{}, false
}

// parseISO reads 2026-11-23T14:19:07[.664609][Z|+0000|+00:00| UTC].
func parseISO(b []byte) (time.Time, bool) {
	if len(b) < 19 {
		return time.Time{}, false
	}
	year, _ := leadingInt(b[:4])
	month, _ := leadingInt(b[5:7])
	day, _ := leadingInt(b[8:10])
	n := 19 + fraction(b[19:])
	var us int64
	if n > 19 {
		us = fractionMicros(b[20:n])
	}
	t, ok := date(year, month, day, b[11:19], us)
	return t.Add(-zone(b[n:])), ok
}

// zone returns the offset from UTC that b names.
func zone(b []byte) time.Duration {
	b = trimSpaces(b)
	if len(b) >= 5 && (b[0] == '+' || b[0] == '-') {
		digits := bytes.ReplaceAll(b[1:], []byte(":"), nil)
		hhmm, n := leadingInt(digits)
		if n != 4 || hhmm > 1400 {
			return 0
		}
		d := time.Duration(hhmm/100)*time.Hour + time.Duration(hhmm%100)*time.Minute
		if b[0] == '-' {
			return -d
		}
		return d
	}
	return time.Duration(zoneHours(string(b))) * time.Hour
}

// zoneHours knows the abbreviations that mean the same everywhere; others count as UTC.
func zoneHours(name string) int {
	switch name {
	case "CET", "WEST":
		return 1
	case "CEST", "EET", "SAST":
		return 2
	case "EEST", "MSK":
		return 3
	case "JST", "KST":
		return 9
	case "EDT":
		return -4
	case "EST", "CDT":
		return -5
	case "MDT":
		return -6
	case "MST", "PDT":
		return -7
	case "PST":
		return -8
	}
	return 0
}

// parseBSD reads `Nov 23 14:19:07[.664609]` as the newest such date that is not in the future.
func parseBSD(b []byte, now time.Time) (time.Time, bool) {
	i := bytes.IndexByte(b, ' ')
	if i < 0 || now.IsZero() {
		return time.Time{}, false
	}
	m := month(string(b[:i]))
	rest := trimSpaces(b[i:])
	day, n := leadingInt(rest)
	rest = rest[n:]
	if m == 0 || n == 0 || len(rest) < 9 {
		return time.Time{}, false
	}
	var us int64
	if len(rest) > 10 {
		us = fractionMicros(rest[10:])
	}
	latest := now.Add(yearSlack)
	for year := latest.Year(); year > latest.Year()-9; year-- {
		if t, ok := date(int64(year), int64(m), day, rest[1:9], us); ok && !t.After(latest) {
			return t, true
		}
	}
	return time.Time{}, false
}

// parseCtime reads `Mon Nov 23 14:19:07 2026`; the day's name is not needed.
func parseCtime(b []byte) (time.Time, bool) {
	if len(b) < 20 {
		return time.Time{}, false
	}
	year, _ := leadingInt(b[len(b)-4:])
	hms := b[len(b)-13 : len(b)-5]
	words := bytes.Fields(b[:len(b)-13])
	if len(words) < 2 {
		return time.Time{}, false
	}
	day, n := leadingInt(words[len(words)-1])
	m := 0
	if n > 0 {
		m = month(string(words[len(words)-2]))
	}
	if m == 0 {
		return time.Time{}, false
	}
	return date(year, int64(m), day, hms, 0)
}

// date puts a date together; it refuses one that does not exist.
func date(year, month, day int64, hms []byte, us int64) (time.Time, bool) {
	h, _ := leadingInt(hms[:2])
	m, _ := leadingInt(hms[3:5])
	s, _ := leadingInt(hms[6:8])
	if month < 1 || month > 12 || day < 1 || day > 31 || h > 23 || m > 59 || s > 60 || year < 1970 {
		return time.Time{}, false
	}
	t := time.Date(int(year), time.Month(month), int(day), int(h), int(m), int(s), int(us)*1000, time.UTC)
	return t, t.Day() == int(day) || s == 60
}

// month returns the month of that name, 1 to 12, or 0. It knows the abbreviations of the commoner locales,
// and months that are written as a number and a word.
func month(name string) int {
	if n, digits := leadingInt([]byte(name)); digits > 0 {
		if n <= 12 && digits < len(name) {
			return int(n)
		}
		return 0
	}
	name = strings.ToLower(strings.TrimRight(name, ".,"))
	if m, ok := englishMonths[name]; ok {
		return m
	}
	for m, names := range foreignMonths {
		for n := range strings.FieldsSeq(names) {
			if n == name {
				return m + 1
			}
		}
	}
	return 0
}

var englishMonths = map[string]int{
	"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
	"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}

// foreignMonths are what glibc prints for %b in de, fr, es, it, pt, nl, da, nb, sv, fi, pl, cs, hu, tr, ro, ru
// and uk, as far as it differs from English.
var foreignMonths = [12]string{
	"jän janv ene gen sty led tammi oca ian янв січ",
	"févr fev lut úno helmi febr şub фев лют",
	"mär märz mars marz mrt bře maalis márc мар бер",
	"avr abr kwi dub huhti ápr nis апр кві",
	"mai mag maj mei kvě touko máj мая май тра",
	"juin giu cze čen čvn kesä jún haz iun июн июня чер",
	"juil lug lip čec čvc heinä júl tem iul июл июля лип",
	"août aoû ago sie srp elo ağu авг сер",
	"sept set wrz zář syys szept eyl сен сент вер",
	"okt ott out paź říj loka eki окт жов",
	"lis marras kas noi ноя нояб лис",
	"déc dic dez des gru pro joulu ara дек гру",
}
