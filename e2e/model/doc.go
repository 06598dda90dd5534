// Package model holds the stand-in for a model's endpoint, modeltest, against the official client of the API: what the
// stand-in answers is read by a client that was made for the real one, and what that client sends is no fault to the
// stand-in. The program's own client is another one, so that two readings of the protocol agree with the stand-in's.
// Nothing outside the process is asked.
package model
