package kernlog

import "strings"

// statKeys are the keys of the statistics list that a log can begin with where the report's head is cut off:
// memory.stat of cgroup v1 and v2. Inside a report any key is read. The value is the key, kept once.
var statKeys = func() map[string]string {
	keys := map[string]string{}
	for k := range strings.FieldsSeq(statKeysV2) {
		keys[k] = k
	}
	for k := range strings.FieldsSeq(statKeysV1) {
		keys[k] = k
		keys["total_"+k] = "total_" + k
	}
	return keys
}()

const (
	statKeysV1 = `cache rss rss_huge shmem mapped_file dirty writeback workingset_refault_anon workingset_refault_file
		workingset_refault swap swapcached pgpgin pgpgout pgfault pgmajfault inactive_anon active_anon inactive_file
		active_file unevictable hierarchical_memory_limit hierarchical_memsw_limit`
	statKeysV2 = `anon file kernel kernel_stack pagetables sec_pagetables percpu sock vmalloc zswap zswapped
		file_mapped file_dirty file_writeback anon_thp file_thp shmem_thp slab_reclaimable slab_unreclaimable slab
		workingset_activate_anon workingset_activate_file workingset_activate workingset_restore_anon
		workingset_restore_file workingset_restore workingset_nodereclaim pgscan pgsteal pgscan_kswapd pgscan_direct
		pgscan_khugepaged pgsteal_kswapd pgsteal_direct pgsteal_khugepaged pgrefill pgactivate pgdeactivate pglazyfree
		pglazyfreed thp_fault_alloc thp_collapse_alloc zswpin zswpout zswpwb hugetlb pgpromote_success numa_pages_migrated`
)
