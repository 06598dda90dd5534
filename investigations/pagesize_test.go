package investigations

import "testing"

func TestPageSize(t *testing.T) {
	p := func(v int64) *int64 { return &v }
	report := func(vm, anon int64, vmPages, rss int64) *KernelReport {
		return &KernelReport{
			Killed: []KernelKill{{PID: 5, TotalVMKB: p(vm), AnonRSSKB: p(anon)}},
			Tasks:  []KernelTask{{PID: 5, TotalVMPages: vmPages, RSSPages: rss}},
		}
	}
	tests := map[string]struct {
		r    *KernelReport
		want int64
	}{
		"nothing known":        {&KernelReport{}, 4096},
		"by virtual size":      {report(64000, 0, 1000, 1), 65536},
		"by resident size":     {report(63999, 16100, 1000, 1000), 16384},
		"sizes that don't fit": {report(63999, 99, 1000, 1000), 4096},
		"too small to tell":    {report(63999, 16, 1000, 1), 4096},
		"another process":      {&KernelReport{Killed: []KernelKill{{PID: 9}}, Tasks: []KernelTask{{PID: 5}}}, 4096},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tt.r.PageSize(); got != tt.want {
				t.Errorf("%d, want %d", got, tt.want)
			}
		})
	}
}
