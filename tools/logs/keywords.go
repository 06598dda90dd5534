package logs

import "bytes"

// weight says how a line is looked at; a line can have several.
type weight uint8

const (
	// fatal lines may be a runtime's own error; each is judged.
	fatal weight = 1 << iota
	// ending lines may tell of a signal or a killed child, piece ones of work that comes in large pieces.
	ending
	piece
	// sized lines name a size, counted ones a count of things.
	sized
	counted

	// byName and things stand for words that make a long number a size or a count.
	byName
	things
	long
)

// soft are the weights of lines of which there can be very many, and only the latest are judged.
const soft = ending | piece | sized | counted

// keyword is a text without which no line of some kind is recognised, whatever the case of its letters.
type keyword struct {
	text   string
	weight weight
}

func keywords() []keyword {
	var out []keyword
	for w, texts := range map[weight][]string{
		fatal: {
			"outofmemory", "out of memory", "out_of_memory", "outofdirectmemory", "memoryerror", "heap limit", "bad_alloc",
			"allowed memory size", "memory allocation", "cannot allocate", "can't allocate", "unable to allocate",
			"failed to allocate", "heap exhausted", "fatal javascript", "commit_memory", "not enough memory",
			"mark-sweep", "mark-compact",
		},
		ending: {
			"sigterm", "sigint", "sigquit", "sigabrt", "sigkill", "signal", "killed", "shutting down", "shutdown",
			"abruptly", "137", "graceful", "worker timeout",
		},
		piece: {
			"import", "export", "upload", "download", "batch", "job", "cron", "nightly", "hourly", "daily", "weekly",
			"monthly", "report", "backup", "bulk", "ingest", "migrat", "reindex", "etl", "aggregat", "dump", "rebuild",
			"compaction", "snapshot", "archive", "dataset", "full sync", "full-sync", "full scan", "full refresh",
			"full load", "backfill", "csv", "xls", "pdf", "parquet", "zip", "pipeline", "reconciliation", "analytics", "crawl", "warmup",
			"warm-up",
		},
		byName: {"size", "length", "bytes", "payload", "body"},
		things: {
			"rows", "records", "items", "documents", "docs", "entries", "events", "messages", "users", "lines", "objects",
			"orders", "products", "customers", "transactions", "keys", "points", "samples", "files", "images", "pages",
			"vertices", "edges", "vectors", "embeddings", "row_count", "rowcount", "num_", "limit", "batch_size", "batchsize",
		},
		long:  {"million", "thousand", "billion"},
		sized: {"mb=", "gb=", "mib=", "gib=", "mb:", "gb:", "mb\"", "gb\""},
	} {
		for _, text := range texts {
			out = append(out, keyword{text, w})
		}
	}
	return out
}

// spotter finds keywords in a line in one pass. Letters count by their lowest five bits, which are the same in
// both cases; what three bytes in a row select is then compared.
type spotter struct {
	by [1 << 15][]keyword
}

func newSpotter() *spotter {
	s := &spotter{}
	for _, k := range keywords() {
		at := 0
		for i := range 3 {
			at = at<<5 | int(k.text[i]&31)
		}
		s.by[at] = append(s.by[at], k)
	}
	return s
}

// spot returns the weights of a line, and where what may be a runtime's error stands in it, else the first
// keyword.
func (s *spotter) spot(line []byte) (found weight, where int) {
	where = -1
	at, run := 0, 0
	for i, c := range line {
		at = (at<<5 | int(c&31)) & (1<<15 - 1)
		switch {
		case c >= '0' && c <= '9':
			if run++; run >= 6 {
				found |= long
			}
		case c == ',' || c == '_' || c == '.': // within a number
		default:
			run = 0
			if found&sized == 0 && i > 0 && unit(line, i-1) {
				found |= sized
			}
		}
		for _, k := range s.by[at] {
			from := i - 2
			if found&k.weight != 0 || from < 0 || from+len(k.text) > len(line) ||
				!bytes.EqualFold(line[from:from+len(k.text)], []byte(k.text)) {
				continue
			}
			found |= k.weight
			if where < 0 || k.weight == fatal {
				where = from
			}
		}
	}
	if len(line) > 0 && unit(line, len(line)-1) {
		found |= sized
	}
	if found&(long|byName) == long|byName {
		found |= sized
	}
	if found&things != 0 && found&(long|sized) != 0 || found&things != 0 && thousands(line) {
		found |= counted
	}
	return found, max(where, 0)
}

// unit tells whether line[i] is the first letter of a unit of a million bytes or more behind a number: "850M",
// "2 GiB", but not "2 tasks".
func unit(line []byte, i int) bool {
	switch line[i] {
	case 'M', 'G', 'T', 'm', 'g', 't':
	default:
		return false
	}
	before := i - 1
	if before >= 0 && line[before] == ' ' {
		before--
	}
	return before >= 0 && line[before] >= '0' && line[before] <= '9' && unitName(line[i:])
}

// unitName tells whether text begins in the name of a unit, its first letter being right: "M", "MB", "MiB",
// "megabytes".
func unitName(text []byte) bool {
	letter := func(i int) byte {
		if i < len(text) && (text[i]|0x20 >= 'a' && text[i]|0x20 <= 'z') {
			return text[i] | 0x20
		}
		return 0
	}
	switch letter(1) {
	case 0, 'b':
		return true
	case 'i':
		if c := letter(2); c == 0 || c == 'b' {
			return true
		}
	}
	for _, name := range []string{"mega", "giga", "tera", "mebi", "gibi", "tebi"} {
		if len(text) >= len(name) && bytes.EqualFold(text[:len(name)], []byte(name)) {
			return true
		}
	}
	return false
}

// thousands tells whether a number of thousands ("900k") stands in the line.
func thousands(line []byte) bool {
	for i := 1; i < len(line); i++ {
		if line[i]|0x20 == 'k' && line[i-1] >= '0' && line[i-1] <= '9' {
			return true
		}
	}
	return false
}
