package investigations

import (
	"fmt"
	"math"
	"testing"
	"time"
)

func TestFormatBytes(t *testing.T) {
	const mib, gib = 1 << 20, 1 << 30
	tests := []struct {
		in   float64
		want string
	}{
		{0, "0 B"},
		{math.Copysign(0, -1), "0 B"},
		{1, "1 B"},
		{0.5, "0.5 B"},
		{1023, "1023 B"},
		{1024, "1 KiB"},
		{1536, "1.5 KiB"},
		{512 * mib, "512 MiB"},
		{536870912, "512 MiB"},
		{1023 * mib, "1023 MiB"},
		{1023.7 * mib, "1 GiB"},
		{9.996 * gib, "10 GiB"},
		{99.96 * gib, "100 GiB"},
		{1.456 * gib, "1.46 GiB"},
		{12.34 * gib, "12.3 GiB"},
		{-12 * mib, "-12 MiB"},
		{1 << 50, "1 PiB"},
		{1 << 70, "1024 EiB"},
		{math.NaN(), "unknown"},
		{math.Inf(-1), "unknown"},
	}
	for _, tt := range tests {
		if got := FormatBytes(tt.in); got != tt.want {
			t.Errorf("FormatBytes(%v) = %q, want %q", tt.in, got, tt.want)
		}
	}
	if got, want := FormatBytes(int64(math.MaxInt64)), "8 EiB"; got != want {
		t.Errorf("FormatBytes(MaxInt64) = %q, want %q", got, want)
	}
}

func TestFormatDuration(t *testing.T) {
	const day = 24 * time.Hour
	tests := []struct {
		in   time.Duration
		want string
	}{
		{0, "0 s"},
		{1, "<1 ms"},
		{850 * time.Millisecond, "850 ms"},
		{999_600 * time.Microsecond, "1 s"},
		{1500 * time.Millisecond, "1.5 s"},
		{9970 * time.Millisecond, "10 s"},
		{45 * time.Second, "45 s"},
		{59_700 * time.Millisecond, "1 min"},
		{5*time.Minute + 3*time.Second, "5 min 3 s"},
		{time.Hour, "1 h"},
		{time.Hour - 400*time.Millisecond, "1 h"},
		{3*time.Hour + 12*time.Minute + 45*time.Second, "3 h 13 min"},
		{day - 20*time.Second, "1 d"},
		{2*day + 4*time.Hour, "2 d 4 h"},
		{14*day - time.Minute, "14 d"},
		{45*day + 13*time.Hour, "46 d"},
		{-90 * time.Minute, "-1 h 30 min"},
		{math.MinInt64, "-106751 d"},
		{math.MaxInt64, "106751 d"},
	}
	for _, tt := range tests {
		if got := FormatDuration(tt.in); got != tt.want {
			t.Errorf("FormatDuration(%d) = %q, want %q", int64(tt.in), got, tt.want)
		}
	}
}

func ExampleFormatBytes() {
	fmt.Println(FormatBytes(536870912), FormatBytes(1.5*(1<<30)))
	// Output: 512 MiB 1.5 GiB
}
