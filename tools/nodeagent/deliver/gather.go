package deliver

import "time"

// gather marks e as being sent, and merges those that follow it into it where that can be. It returns what is to be sent;
// nil where nothing is, for now.
func (s *Sender) gather(e *entry) *entry {
	s.mu.Lock()
	if e.out || e.busy {
		s.mu.Unlock()
		return nil
	}
	parts := s.queue.mergeable(e)
	for _, p := range parts {
		p.busy = true
	}
	e.busy = true
	s.mu.Unlock()
	if len(parts) < 2 {
		return e
	}
	whole := s.merge(parts)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range parts {
		p.busy = p == e && whole == nil
	}
	if whole == nil {
		return e
	}
	return whole
}

// merge makes one report of as many of the parts as fit, and puts it in their place. It returns nil where it can't:
// then nothing has changed. Nobody else is at the parts.
func (s *Sender) merge(parts []*entry) *entry {
	var sum parcel
	n := 0
	for _, e := range parts {
		body, err := s.body(e)
		var p parcel
		if err == nil {
			p, err = unpack(body)
		}
		if err == nil && n > 0 {
			err = sum.add(p)
		} else if err == nil {
			sum = p
		}
		if err != nil {
			s.log.Debug("reports are not merged", "err", err)
			break
		}
		n++
	}
	if parts = parts[:n]; n < 2 {
		return nil
	}
	body, raw, err := pack(sum)
	if err != nil {
		return nil
	}
	whole := &entry{key: parts[0].key, body: body, size: int64(len(body)), raw: raw, busy: true}
	whole.last = parts[n-1].last
	whole.lean = len(sum.Recorder) == 0 && len(sum.Profiles) == 0
	stored := false
	for _, p := range parts {
		whole.count += p.count
		stored = stored || p.stored
	}
	// Parts that are in memory alone can be merged there; those on disk are replaced on disk.
	err = s.spool.write(whole.key, body)
	if err != nil && stored {
		return nil
	}
	whole.stored = err == nil
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spoolFault(err)
	for _, p := range parts {
		s.queue.remove(p)
		if p.stored {
			s.spool.remove(p.key)
		}
	}
	s.queue.add(whole)
	return whole
}

// store offers what is in memory alone to the disk, and after a failure not again for a while.
func (s *Sender) store() {
	for s.o.Dir != "" {
		s.mu.Lock()
		var e *entry
		if time.Since(s.spoolFailed) >= restore {
			e = s.queue.droppable(func(e *entry) bool { return !e.stored && e.body != nil })
		}
		if e == nil {
			s.mu.Unlock()
			return
		}
		e.writing = true
		body := e.body
		s.mu.Unlock()
		err := s.spool.write(e.key, body)
		s.mu.Lock()
		e.writing = false
		s.written(e, err)
		s.trim()
		s.mu.Unlock()
	}
}
