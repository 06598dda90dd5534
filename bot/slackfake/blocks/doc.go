// Package blocks checks Block Kit as strictly as Slack's reference describes it: types, required fields, unknown
// fields, lengths, counts, and which element may stand in which block. It knows nothing of oombot and nothing of
// any Slack client, so that what a client builds is judged by somebody else.
//
// Where the reference leaves open what happens (a field it doesn't name, a type it doesn't list) the answer here
// is no: a message that passes here should pass at Slack, not the other way round.
package blocks
