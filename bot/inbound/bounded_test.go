package inbound

import (
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// TestBodiesAreBounded reads more at a time than may be held: one is let go beyond that, the next is told to come again,
// small ones always pass, and what was given back can be taken.
func TestBodiesAreBounded(t *testing.T) {
	const maxBody = 16 << 20
	b := budget{most: 2 * maxBody}
	read := func(n int) (*share, error) {
		s := &share{of: &b}
		_, err := io.Copy(io.Discard, counted{strings.NewReader(strings.Repeat("a", n)), s})
		return s, err
	}
	first, err := read(maxBody)
	if err != nil {
		t.Fatalf("the first large body: %v", err)
	}
	second, err := read(maxBody)
	if err != nil {
		t.Fatalf("the second large body: %v", err)
	}
	third, err := read(maxBody)
	if err != nil {
		t.Errorf("the third large body: %v", err)
	}
	for range 2 {
		fourth, err := read(maxBody)
		if !errors.Is(err, errBusy) {
			t.Errorf("the fourth large body: %v, want %v", err, errBusy)
		}
		fourth.free()
	}
	third.free()
	if third, err = read(maxBody); err != nil {
		t.Errorf("the third large body, again: %v", err)
	}
	third.free()
	for range 1000 {
		if _, err := read(freeBody); err != nil {
			t.Fatalf("a small body: %v", err)
		}
	}
	first.free()
	if _, err := read(maxBody); err != nil {
		t.Errorf("a large body after one ended: %v", err)
	}
	second.free()
}

// TestBodiesSideBySide has bodies that can't all be held grow side by side: one of them is read to its end.
func TestBodiesSideBySide(t *testing.T) {
	b := budget{most: 10 * freeBody}
	shares := make([]share, 100)
	refused := map[int]bool{}
	for range 100 {
		for i := range shares {
			shares[i].of = &b
			if !refused[i] && shares[i].take(freeBody) != nil {
				refused[i] = true
			}
		}
	}
	if len(refused) == len(shares) {
		t.Error("all of them are refused")
	}
	for i := range shares {
		shares[i].free()
	}
	if held := b.held.Load(); held != 0 || b.beyond.Load() {
		t.Errorf("at the end %d bytes are held", held)
	}
}

// start is when the tests begin.
var start = time.Date(2026, 3, 4, 2, 17, 0, 0, time.UTC)

// TestJunkIsLoggedSeldom counts the lines of refusals: those of one outcome do not hide those of another, and what was
// left out is told.
func TestJunkIsLoggedSeldom(t *testing.T) {
	var s seldom
	logged := 0
	for range 1000 {
		if _, ok := s.now(start, Payload); ok {
			logged++
		}
	}
	if logged != linesAMinute {
		t.Errorf("%d lines of 1,000 were logged, want %d", logged, linesAMinute)
	}
	if _, ok := s.now(start, Unauthorized); !ok {
		t.Error("another outcome was not logged")
	}
	if skipped, ok := s.now(start.Add(time.Minute), Payload); !ok || skipped != 1000-linesAMinute {
		t.Errorf("after a minute: logged %t, %d left out; want true, %d", ok, skipped, 1000-linesAMinute)
	}
}
