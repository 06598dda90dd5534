// Package nodes is the ledger of what node agents told the bot: kernel reports, counted kills, kills of user space, the
// names of pods, recordings and profiles, and the stretches over which a node's kernel log was followed without loss. It
// keeps them as documents on an investigations.Shelf and answers for a node and a time (investigations.NodeLedger).
//
// It owns these documents. NODE is a node's name, percent-encoded; HOUR is the hour in UTC in which something happened, as
// 2006-01-02T15; ID is the hash of what a key stands for, so that the same thing told again is the same document.
//
//	kind                   key                 body
//	node-agent             NODE                when the agent was heard, its last heartbeat, its lossless stretches
//	node-hour              NODE/HOUR           that there is something of that hour, and how many bytes
//	node/NODE/HOUR         kernel/ID           a KernelReport: ID is of boot, uptime and pid
//	                       counted/ID          a CountedKill: of boot, time as it was told, path and what the recorder saw
//	                       user/ID             a UserKill: of boot, time as it was told, killer and text
//	                       pod/ID              a NodePod: of its uid
//	node-media/NODE/HOUR   TIME/ID             what a recording or a profile is of: by the time of its end
//	node-parts/NODE/HOUR   TIME/ID/PART        a piece of it, in base64
//
// Time is counted in hours so that a question about some minutes reads what happened then and nothing else, and that what
// is old goes as a whole. Recordings and profiles are apart from reports, so that who reads reports reads no recordings.
//
// It must not know how agents deliver, what a report means, nor what is done about it.
package nodes
