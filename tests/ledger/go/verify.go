// Opens a checkpoint and checks record and tree proofs with Go's own packages, as an outsider would.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type claim struct {
	Key     string
	Note    string
	Records []struct {
		Index int64
		Entry []byte
		Proof []tlog.Hash
	}
	Trees []struct {
		Size  int64
		Root  tlog.Hash
		Proof []tlog.Hash
	}
}

func check(err error, what string) {
	if err != nil {
		fmt.Println(what+":", err)
		os.Exit(1)
	}
}

func main() {
	var c claim
	check(json.NewDecoder(os.Stdin).Decode(&c), "input")
	verifier, err := note.NewVerifier(c.Key)
	check(err, "key")
	opened, err := note.Open([]byte(c.Note), note.VerifierList(verifier))
	check(err, "note")
	lines := strings.Split(opened.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err, "size")
	raw, err := base64.StdEncoding.DecodeString(lines[2])
	check(err, "root")
	var root tlog.Hash
	copy(root[:], raw)
	for _, r := range c.Records {
		check(tlog.CheckRecord(r.Proof, size, root, r.Index, tlog.RecordHash(r.Entry)), fmt.Sprint("record ", r.Index))
	}
	for _, t := range c.Trees {
		check(tlog.CheckTree(t.Proof, size, root, t.Size, t.Root), fmt.Sprint("tree ", t.Size))
	}
	fmt.Println("ok", lines[0], size, len(c.Records), len(c.Trees))
}
