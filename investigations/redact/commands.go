package redact

import "strings"

// command is a program that takes a password by a flag whose name does not say so.
type command struct {
	name  string
	flags []string
	// apart says that the value may be the next word, joined that it may follow the flag in the same.
	apart, joined bool
	// user says that the value is user:password.
	user bool
}

var commands = []command{
	{name: "curl", flags: []string{"-u", "--user", "-U", "--proxy-user"}, apart: true, joined: true, user: true},
	{name: "wget", flags: []string{"-u"}, apart: true, user: true},
	{name: "mysql", flags: []string{"-p"}, joined: true},
	{name: "mariadb", flags: []string{"-p"}, joined: true},
	{name: "sshpass", flags: []string{"-p"}, apart: true, joined: true},
	{name: "redis-cli", flags: []string{"-a"}, apart: true},
	{name: "mongo", flags: []string{"-p"}, apart: true, joined: true},
	{name: "docker login", flags: []string{"-p"}, apart: true},
	{name: "podman login", flags: []string{"-p"}, apart: true},
	{name: "helm registry login", flags: []string{"-p"}, apart: true},
	{name: "az login", flags: []string{"-p"}, apart: true},
	{name: "openssl", flags: []string{"-k", "-pass", "-passin", "-passout"}, apart: true},
	{name: "ldapsearch", flags: []string{"-w"}, apart: true},
	{name: "snmpwalk", flags: []string{"-A", "-X", "-c"}, apart: true},
}

// secretFrom returns where in word the secret begins that c takes there, after the word before; -1 where it takes none.
func (c *command) secretFrom(before, word string) int {
	from := -1
	for _, flag := range c.flags {
		switch rest, ok := strings.CutPrefix(word, flag); {
		case c.apart && before == flag && !strings.HasPrefix(word, "-"):
			from = 0
		case c.joined && ok && rest != "" && len(flag) == 2:
			from = len(flag)
		case c.joined && ok && strings.HasPrefix(rest, "="):
			from = len(flag) + 1
		}
	}
	if from < 0 {
		return -1
	}
	if c.user {
		user, password, ok := strings.Cut(word[from:], ":")
		if !ok || password == "" {
			return -1
		}
		from += len(user) + 1
	}
	if !secret(strong, strings.Trim(word[from:], `"'`)) {
		return -1
	}
	return from
}

// command marks the passwords among the arguments of the program whose name a hint has found at end.
func (f *finder) command(end int) {
	s := f.s
	var c *command
	for i := range commands {
		if name := commands[i].name; end >= len(name) && strings.EqualFold(s[end-len(name):end], name) {
			c = &commands[i]
		}
	}
	if c == nil || !strings.Contains(s[end:], " -") {
		return
	}
	before := ""
	for i := end; i < len(s) && !f.hostile; {
		for i < len(s) && isSpace(s[i]) {
			i++
		}
		at := i
		i = argumentEnd(s, i)
		f.spend(i - at + 1)
		if n := c.secretFrom(before, s[at:i]); n >= 0 {
			from, to := at+n, i
			if to-from > 1 && (s[from] == '"' || s[from] == '\'') && s[to-1] == s[from] {
				from, to = from+1, to-1
			} else if last := s[to-1]; (last == '"' || last == '\'') && strings.IndexByte(s[at:from], last) >= 0 {
				to--
			}
			f.add(from, to)
		}
		if before = s[at:i]; strings.Trim(before, "|&;") == "" { // the next program, or the end
			return
		}
	}
}

// argumentEnd returns the end of the argument at i, parts of which may be quoted.
func argumentEnd(s string, i int) int {
	for ; i < len(s) && !isSpace(s[i]) && s[i] != '\r' && s[i] != '\n'; i++ {
		if quote := s[i]; quote == '"' || quote == '\'' {
			n := strings.IndexByte(s[i+1:], quote)
			if n < 0 {
				return i // the end of what the command stands in
			}
			i += n + 1
		}
	}
	if i < len(s) && (s[i] == '\r' || s[i] == '\n') {
		i++
	}
	return i
}
