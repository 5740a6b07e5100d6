// Verifies an audit log with Go's packages for the checksum database: every entry, and inclusion and consistency proofs over its tiles.
package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type reader struct{ folder string }

func (r reader) Height() int { return 8 }

// Go's paths have the height before the level; those of tlog-tiles do not.
func (r reader) path(t tlog.Tile) string {
	return strings.Replace(t.Path(), "tile/8/", "tile/", 1)
}

func (r reader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var all [][]byte
	for _, t := range tiles {
		data, err := os.ReadFile(filepath.Join(r.folder, r.path(t)))
		if err != nil && t.W < 256 {
			full := t
			full.W = 256
			data, err = os.ReadFile(filepath.Join(r.folder, r.path(full)))
			if err == nil {
				data = data[:t.W*tlog.HashSize]
			}
		}
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (r reader) SaveTiles([]tlog.Tile, [][]byte) {}

func check(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func main() {
	folder, vkey := os.Args[1], os.Args[2]
	verifier, err := note.NewVerifier(vkey)
	check(err)
	data, err := os.ReadFile(filepath.Join(folder, "checkpoint"))
	check(err)
	signed, err := note.Open(data, note.VerifierList(verifier))
	check(err)
	var origin, root string
	var size int64
	_, err = fmt.Sscanf(signed.Text, "%s\n%d\n%s\n", &origin, &size, &root)
	check(err)
	hash, err := tlog.ParseHash(root)
	check(err)
	tree := tlog.Tree{N: size, Hash: hash}
	hashes := tlog.TileHashReader(tree, reader{folder})

	// A log of the same entries, made by Go.
	var stored []tlog.Hash
	own := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var list []tlog.Hash
		for _, i := range indexes {
			list = append(list, stored[i])
		}
		return list, nil
	})
	for n := int64(0); n*256 < size; n++ {
		width := size - n*256
		if width > 256 {
			width = 256
		}
		path := reader{folder}.path(tlog.Tile{H: 8, L: -1, N: n, W: int(width)})
		path = strings.Replace(path, "tile/data/", "tile/entries/", 1)
		bundle, err := os.ReadFile(filepath.Join(folder, path))
		check(err)
		for i := int64(0); i < width; i++ {
			length := int(binary.BigEndian.Uint16(bundle))
			more, err := tlog.StoredHashes(n*256+i, bundle[2:2+length], own)
			check(err)
			stored = append(stored, more...)
			bundle = bundle[2+length:]
		}
		if len(bundle) > 0 {
			check(fmt.Errorf("%s has %d more bytes", path, len(bundle)))
		}
	}
	made, err := tlog.TreeHash(size, own)
	check(err)
	if made != hash {
		check(fmt.Errorf("the entries have the root %v, but %v was signed", made, hash))
	}
	proofs := 0
	for n := int64(0); n < size; n += 1 + size/100 {
		proof, err := tlog.ProveRecord(size, n, hashes)
		check(err)
		leaf := stored[tlog.StoredHashIndex(0, n)]
		check(tlog.CheckRecord(proof, size, hash, n, leaf))
		older, err := tlog.TreeHash(n+1, own)
		check(err)
		tree, err := tlog.ProveTree(size, n+1, hashes)
		check(err)
		check(tlog.CheckTree(tree, size, hash, n+1, older))
		proofs += 2
	}
	fmt.Printf("%s %d %v %d proofs\n", origin, size, hash, proofs)
}
