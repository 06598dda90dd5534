package kernlog

// defaultPage is the page size where nothing shows it.
const defaultPage = 4096

// pageSize returns the page size by all that the report shows.
func (b *builder) pageSize() int64 {
	if size := b.r.PageSize(); size != defaultPage || b.pageKB == 0 {
		return size
	}
	return b.pageKB << 10
}
