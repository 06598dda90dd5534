package slackfake

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
)

// maxUpload is how large a file may be here; Slack takes a gigabyte.
const maxUpload = 32 << 20

// File is what was uploaded.
type File struct {
	ID, Name, Title, AltText, Mimetype string
	Size                               int
	Data                               []byte
	// Uploaded is set when the bytes are there, Complete when files.completeUploadExternal was called.
	Uploaded, Complete bool
	Shares             []Share
}

// Share says in which message a file is.
type Share struct{ Channel, TS, ThreadTS string }

// clone returns a copy; Data is written once and shared.
func (f *File) clone() File {
	c := *f
	c.Shares = slices.Clone(f.Shares)
	return c
}

// Files returns the files whose upload was completed, oldest first.
func (s *Server) Files() []File {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []File
	for _, f := range s.files {
		if f.Complete {
			all = append(all, f.clone())
		}
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.ID, b.ID) })
	return all
}

func (s *Server) wireFile(f *File) object {
	private := s.url + "/files-pri/" + s.o.TeamID + "-" + f.ID + "/" + url.PathEscape(f.Name)
	shares := map[string][]object{}
	for _, sh := range f.Shares {
		shares[sh.Channel] = append(shares[sh.Channel], object{"ts": sh.TS, "thread_ts": sh.ThreadTS})
	}
	return object{
		"id": f.ID, "name": f.Name, "title": f.Title, "alt_txt": f.AltText, "mimetype": f.Mimetype, "size": f.Size, "mode": "hosted",
		"filetype": strings.TrimPrefix(path.Ext(f.Name), "."), "user": s.o.BotUserID, "user_team": s.o.TeamID, "url_private": private,
		"url_private_download": private, "permalink": s.url + "/files/" + s.o.BotUserID + "/" + f.ID, "is_external": false,
		"shares": object{"public": shares}, "created": 1700000000,
	}
}

func (s *Server) getUploadURL(c *call) (object, error) {
	name := c.str("filename")
	if name == "" {
		return nil, failArgs("missing required field: filename")
	}
	size, err := strconv.Atoi(c.str("length"))
	if err != nil || size < 1 {
		return nil, failArgs("missing required field: length")
	}
	if size > maxUpload {
		return nil, fail("file_upload_size_restricted")
	}
	f := &File{
		ID: s.id("F"), Name: name, Title: name, AltText: c.str("alt_txt"), Size: size,
		Mimetype: or(mime.TypeByExtension(path.Ext(name)), "application/octet-stream"),
	}
	s.files[f.ID] = f
	ticket := fmt.Sprintf("%s-%d", f.ID, s.lastMicro)
	s.uploads[ticket] = f.ID
	return object{"upload_url": c.base + "/upload/" + ticket, "file_id": f.ID}, nil
}

// serveUpload takes the bytes of a file, as they are or in a form.
func (s *Server) serveUpload(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		http.Error(w, "upload with POST or PUT", http.StatusMethodNotAllowed)
		return
	}
	data, err := uploaded(w, r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[s.uploads[r.PathValue("ticket")]]
	if f == nil || f.Uploaded {
		http.Error(w, "the upload URL is unknown or used", http.StatusNotFound)
		return
	}
	if len(data) != f.Size {
		http.Error(w, fmt.Sprintf("%d bytes came, %d were announced", len(data), f.Size), http.StatusBadRequest)
		return
	}
	f.Data, f.Uploaded = data, true
	s.changedLocked()
	_, _ = fmt.Fprintf(w, "OK - %d", len(data)) // the caller went away
}

func uploaded(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload+maxBody)
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		return io.ReadAll(r.Body)
	}
	if err := r.ParseMultipartForm(maxUpload); err != nil {
		return nil, err
	}
	files := slices.Concat(slices.Collect(maps.Values(r.MultipartForm.File))...)
	if len(files) != 1 {
		return nil, fmt.Errorf("%d files in the form, not one", len(files))
	}
	f, err := files[0].Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

func (s *Server) completeUpload(c *call) (object, error) {
	var list []struct{ ID, Title string }
	if err := json.Unmarshal([]byte(c.str("files")), &list); err != nil || len(list) == 0 {
		return nil, failArgs("missing required field: files")
	}
	for _, l := range list {
		f := s.files[l.ID]
		if f == nil || !f.Uploaded || f.Complete {
			return nil, fail("file_not_found")
		}
	}
	channels := c.strings("channels")
	if id := c.str("channel_id"); id != "" {
		channels = append(channels, id)
	}
	share := &Message{User: s.o.BotUserID, BotID: s.o.BotID, AppID: s.o.AppID, ThreadTS: c.str("thread_ts"), Text: c.str("initial_comment")}
	blocks, err := s.contentOf(c, false)
	if err != nil {
		return nil, err
	}
	share.Blocks = blocks.blocks
	var to []*channel
	for _, id := range channels {
		ch, err := s.target(id)
		if err != nil {
			return nil, err
		}
		if err := inThread(ch, share.ThreadTS); err != nil {
			return nil, err
		}
		to = append(to, ch)
	}
	var done []object
	for _, l := range list {
		f := s.files[l.ID]
		f.Complete, f.Title = true, or(l.Title, f.Title)
		share.Files = append(share.Files, f.ID)
		done = append(done, object{"id": f.ID, "title": f.Title})
	}
	for _, ch := range to {
		m := *share
		s.shareFiles(ch, &m)
	}
	return object{"files": done}, nil
}

// shareFiles posts a message with files.
func (s *Server) shareFiles(c *channel, m *Message) {
	m.Subtype = "file_share"
	s.publish(c, m)
	for _, id := range m.Files {
		f := s.files[id]
		f.Shares = append(f.Shares, Share{Channel: c.ID, TS: m.TS, ThreadTS: m.ThreadTS})
	}
}

func (s *Server) filesInfo(c *call) (object, error) {
	f := s.files[c.str("file")]
	if f == nil || !f.Complete {
		return nil, fail("file_not_found")
	}
	return object{"file": s.wireFile(f), "comments": []object{}}, nil
}

// serveFile is url_private: the bytes, for who has the token.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request) {
	_, id, _ := strings.Cut(r.PathValue("id"), "-")
	s.mu.Lock()
	f := s.files[id]
	var data []byte
	var kind string
	if f != nil && f.Complete {
		data, kind = f.Data, f.Mimetype
	}
	s.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "Bearer "+s.o.BotToken:
		http.Error(w, "files are for who has the bot token", http.StatusForbidden)
	case data == nil:
		http.NotFound(w, r)
	default:
		w.Header().Set("Content-Type", kind)
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Content-Disposition", "attachment")
		_, _ = w.Write(data) // the caller went away
	}
}
