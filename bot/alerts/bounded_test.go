package alerts

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// TestBodiesAreBounded reads more at a time than may be held: the last is told to come again, small ones always pass,
// and what was given back can be taken.
func TestBodiesAreBounded(t *testing.T) {
	var b budget
	read := func(n int) (*share, error) {
		s := &share{of: &b}
		_, err := io.Copy(io.Discard, counted{strings.NewReader(strings.Repeat("a", n)), s})
		return s, err
	}
	first, err := read(maxManagerBody)
	if err != nil {
		t.Fatalf("the first large body: %v", err)
	}
	second, err := read(maxManagerBody)
	if err != nil {
		t.Fatalf("the second large body: %v", err)
	}
	third, err := read(maxManagerBody)
	if !errors.Is(err, errBusy) {
		t.Errorf("the third large body: %v, want %v", err, errBusy)
	}
	third.free()
	for range 1000 {
		if _, err := read(freeBody); err != nil {
			t.Fatalf("a small body: %v", err)
		}
	}
	first.free()
	if _, err := read(maxManagerBody); err != nil {
		t.Errorf("a large body after one ended: %v", err)
	}
	second.free()
}

// TestJunkIsLoggedSeldom counts the lines of refusals: those of one outcome do not hide those of another, and what was
// left out is told.
func TestJunkIsLoggedSeldom(t *testing.T) {
	var s seldom
	logged := 0
	for range 1000 {
		if _, ok := s.now(now, OutcomePayload); ok {
			logged++
		}
	}
	if logged != linesAMinute {
		t.Errorf("%d lines of 1,000 were logged, want %d", logged, linesAMinute)
	}
	if _, ok := s.now(now, OutcomeAuth); !ok {
		t.Error("another outcome was not logged")
	}
	if skipped, ok := s.now(now.Add(time.Minute), OutcomePayload); !ok || skipped != 1000-linesAMinute {
		t.Errorf("after a minute: logged %t, %d left out; want true, %d", ok, skipped, 1000-linesAMinute)
	}
}
