package deliver

// leanSize is the size, in bytes, from which on a file of the spool may hold a recording or a profile.
const leanSize = 4 << 10

// trim keeps what waits within its bounds: recordings and profiles of the oldest reports go first, then the oldest
// reports. What is being sent or written is spared. The caller holds mu.
func (s *Sender) trim() {
	for s.queue.bytes > s.o.MaxBytes {
		e := s.queue.droppable(func(e *entry) bool { return !e.lean })
		if e == nil {
			break
		}
		s.slim(e)
	}
	for s.queue.bytes > s.o.MaxBytes || len(s.queue.entries) > s.o.MaxReports {
		e := s.queue.droppable(func(*entry) bool { return true })
		if e == nil {
			break
		}
		s.drop(e)
	}
	for s.queue.memory > s.o.MaxMemory {
		if e := s.queue.droppable(func(e *entry) bool { return e.stored && e.body != nil }); e != nil {
			s.queue.hold(e, nil)
			continue
		}
		e := s.queue.droppable(func(e *entry) bool { return e.body != nil })
		if e == nil {
			break
		}
		s.drop(e)
	}
}

// drop takes a report out to make room.
func (s *Sender) drop(e *entry) {
	s.queue.remove(e)
	s.spool.remove(e.key)
	s.status.dropped += int64(e.count)
	s.status.setFault(faultRoom, "reports had to make room before they were delivered: the bot is away for too long")
}

// slim takes the recording and the profiles out of a report that waits. It is done with one that can't be read or
// written as well: then it goes as a whole where it must.
func (s *Sender) slim(e *entry) {
	e.lean = true
	body := e.body
	if body == nil {
		var err error
		if body, err = s.spool.read(e.key); err != nil {
			return
		}
	}
	body, raw, err := shedBody(body)
	if err != nil || body == nil {
		return
	}
	if e.stored {
		if err := s.spool.write(e.key, body); err != nil {
			s.spoolFault(err)
			return
		}
	}
	held := e.body != nil
	s.queue.hold(e, body)
	if !held {
		s.queue.hold(e, nil)
	}
	e.raw = raw
	s.status.shed++
}

// shedBody returns a body without what can be done without; nil where it holds nothing of that.
func shedBody(body []byte) (small []byte, raw int64, err error) {
	p, err := unpack(body)
	if err != nil || !p.shed() {
		return nil, 0, err
	}
	return pack(p)
}
