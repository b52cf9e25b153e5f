// Opens a checkpoint and checks record and tree proofs with Go's own packages, as an outsider would.
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type claim struct {
	Key       string
	Note      string
	Witnesses []string
	Rotations []string
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

// A witness signs "cosignature/v1", its clock and the checkpoint (c2sp.org/tlog-cosignature); sumdb/note knows only the
// plain algorithm, but takes any verifier.
type witness struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (w witness) Name() string    { return w.name }
func (w witness) KeyHash() uint32 { return w.hash }
func (w witness) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(w.key, append([]byte(head), msg...), sig[8:])
}

func newWitness(text string) witness {
	parts := strings.SplitN(text, "+", 3)
	data, err := base64.StdEncoding.DecodeString(parts[2])
	check(err, "witness")
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), data...))
	if data[0] != 4 || fmt.Sprintf("%x", sum[:4]) != parts[1] {
		check(fmt.Errorf("%s", text), "witness")
	}
	return witness{parts[0], binary.BigEndian.Uint32(sum[:4]), ed25519.PublicKey(data[1:])}
}

// follow leads from one key to the next: the note must open with both.
func follow(key, text string) string {
	old, err := note.NewVerifier(key)
	check(err, "rotation key")
	lines := strings.Split(text, "\n")
	fresh, err := note.NewVerifier(lines[2])
	check(err, "rotation key")
	opened, err := note.Open([]byte(text), note.VerifierList(old, fresh))
	check(err, "rotation")
	if lines[0] != "forgeward/key-rotation/1" || lines[1] != key || len(opened.Sigs) != 2 {
		check(fmt.Errorf("%d signatures", len(opened.Sigs)), "rotation")
	}
	return lines[2]
}

func main() {
	var c claim
	check(json.NewDecoder(os.Stdin).Decode(&c), "input")
	for _, text := range c.Rotations {
		c.Key = follow(c.Key, text)
	}
	verifier, err := note.NewVerifier(c.Key)
	check(err, "key")
	known := []note.Verifier{verifier}
	for _, text := range c.Witnesses {
		known = append(known, newWitness(text))
	}
	opened, err := note.Open([]byte(c.Note), note.VerifierList(known...))
	check(err, "note")
	if len(opened.Sigs) != len(known) {
		check(fmt.Errorf("%d of %d signatures", len(opened.Sigs), len(known)), "note")
	}
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
