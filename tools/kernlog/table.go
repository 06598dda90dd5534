package kernlog

import (
	"bytes"
)

// column is what a column of the task table holds.
type column uint8

const (
	colOther column = iota
	colUID
	colTGID
	colTotalVM
	colRSS
	colRSSAnon
	colRSSFile
	colRSSShmem
	// colPgtables is bytes, colPagePages pages of page tables (nr_ptes, nr_pmds, nr_puds; up to 4.14).
	colPgtables
	colPagePages
	colSwapents
	colAdj
)

// columns are the columns behind the pid.
type columns struct {
	n    int
	list [16]column
}

// Tables whose header is cut off are read by the number of their columns.
var (
	cols7  = columns{7, [16]column{colUID, colTGID, colTotalVM, colRSS, colPgtables, colSwapents, colAdj}}
	cols8  = columns{8, [16]column{colUID, colTGID, colTotalVM, colRSS, colPagePages, colPagePages, colSwapents, colAdj}}
	cols9  = columns{9, [16]column{colUID, colTGID, colTotalVM, colRSS, colPagePages, colPagePages, colPagePages, colSwapents, colAdj}}
	cols10 = columns{10, [16]column{colUID, colTGID, colTotalVM, colRSS, colRSSAnon, colRSSFile, colRSSShmem, colPgtables, colSwapents, colAdj}}
)

// table reads the title, the header and the rows of a task table.
func (p *Parser) table(s *source, m *message) bool {
	b := s.open
	switch m.class {
	case classTasks:
		if b != nil && b.stage == stageTable && (b.tableHead || b.tableTitle) {
			p.finish(s)
		}
		b = p.atStage(s, m, stageTable)
		b.tableTitle, b.strong = true, true
	case classTableHead:
		whole := bytes.HasSuffix(bytes.TrimRight(m.text, " "), []byte(" name"))
		if !whole && !m.final {
			return false
		}
		if b != nil && b.stage == stageTable && b.tableHead {
			p.finish(s)
		}
		b = p.atStage(s, m, stageTable)
		b.tableHead, b.strong = true, true
		b.cols = columns{}
		if whole {
			b.cols = parseColumns(m.text)
		}
	case classRow:
		return p.tableRow(s, m)
	}
	return true
}

// parseColumns reads `[  pid  ]   uid  tgid total_vm      rss … name`.
func parseColumns(text []byte) (c columns) {
	i := bytes.IndexByte(text, ']')
	for word := range bytes.FieldsSeq(text[i+1:]) {
		if string(word) == "name" || c.n == len(c.list) {
			break
		}
		c.list[c.n] = columnOf(string(word))
		c.n++
	}
	return c
}

func columnOf(word string) column {
	switch word {
	case "uid":
		return colUID
	case "tgid":
		return colTGID
	case "total_vm":
		return colTotalVM
	case "rss":
		return colRSS
	case "rss_anon":
		return colRSSAnon
	case "rss_file":
		return colRSSFile
	case "rss_shmem":
		return colRSSShmem
	case "pgtables_bytes":
		return colPgtables
	case "nr_ptes", "nr_pmds", "nr_puds":
		return colPagePages
	case "swapents":
		return colSwapents
	case "oom_score_adj":
		return colAdj
	}
	return colOther
}

// tableRow reads a row. Its name is the rest of the line behind the last column, whatever it looks like.
func (p *Parser) tableRow(s *source, m *message) bool {
	b := s.open
	cols := columns{}
	if b != nil && b.stage <= stageTable && b.tableHead && b.cols.n > 0 {
		cols = b.cols
	} else {
		cols = guessColumns(m.text)
	}
	row := &p.row
	if !row.parse(m.text, &cols) {
		// A row that is broken off is waited for only inside of a table: elsewhere it is something else.
		return b == nil || b.stage != stageTable || m.final
	}
	if b == nil || b.stage > stageTable {
		b = p.start(s, m, stageTable)
	}
	b.stage = stageTable
	b.touch(p, s, m)
	if len(b.r.Tasks) >= maxRows || p.rows() >= maxOpenRows && len(b.r.Tasks) > 1024 {
		b.thinRows()
	}
	b.addRow(row)
	return true
}
