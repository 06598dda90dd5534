package rules

import (
	"testing"
	"time"
)

func TestScheduleInterval(t *testing.T) {
	tests := []struct {
		schedule string
		want     time.Duration
	}{
		{"*/5 * * * *", 5 * time.Minute},
		{"* * * * *", time.Minute},
		{"17 * * * *", time.Hour},
		{"0 */2 * * *", 2 * time.Hour},
		{"0,30 8-18 * * 1-5", 30 * time.Minute},
		{"5 2 * * *", 24 * time.Hour},
		{"CRON_TZ=Europe/Berlin 15 6,18 * * *", 12 * time.Hour},
		{"@hourly", time.Hour},
		{"@daily", 24 * time.Hour},
		{"", 0},
		{"nonsense", 0},
		{"61 * * * *", 0},
		{"*/0 * * * *", 0},
		{"9-3 * * * *", 0},
	}
	for _, tt := range tests {
		if got := scheduleInterval(tt.schedule); got != tt.want {
			t.Errorf("scheduleInterval(%q) = %v, want %v", tt.schedule, got, tt.want)
		}
	}
}
