package investigations

// defaultPageSize is the page size where the report does not show it.
const defaultPageSize = 4096

// PageSize returns the page size of the machine in bytes, as the report shows it, and 4096 where it does not.
// The table counts in pages and the kill line in kB, so that the same process in both tells it.
func (r *KernelReport) PageSize() int64 {
	for i := range r.Killed {
		k := &r.Killed[i]
		for j := range r.Tasks {
			if t := &r.Tasks[j]; t.PID == k.PID {
				if size := pageOf(k, t); size != 0 {
					return size
				}
			}
		}
	}
	return defaultPageSize
}

func pageOf(k *KernelKill, t *KernelTask) int64 {
	if k.TotalVMKB != nil && t.TotalVMPages > 0 && *k.TotalVMKB%t.TotalVMPages == 0 {
		if size := *k.TotalVMKB / t.TotalVMPages; isPageKB(size) {
			return size << 10
		}
	}
	if k.AnonRSSKB == nil || t.RSSPages < 64 {
		return 0
	}
	kb := *k.AnonRSSKB
	for _, v := range [...]*int64{k.FileRSSKB, k.ShmemRSSKB} {
		if v != nil {
			kb += *v
		}
	}
	// The two are read one after the other: the size may have changed a little in between.
	for size := int64(4); size <= 64; size *= 2 {
		if want := t.RSSPages * size; kb > want-want/4 && kb < want+want/4 {
			return size << 10
		}
	}
	return 0
}

func isPageKB(kb int64) bool { return kb == 4 || kb == 8 || kb == 16 || kb == 32 || kb == 64 }
