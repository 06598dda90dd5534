// Package oombot is the guided tour of the module: it holds no code.
package oombot
