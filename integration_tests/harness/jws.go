package harness

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

// Compact writes a token, signed by a function that gets what is to be signed.
func Compact(header, claims map[string]any, sign func(text []byte) []byte) string {
	part := func(v any) string {
		text, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	text := part(header) + "." + part(claims)
	return text + "." + base64.RawURLEncoding.EncodeToString(sign([]byte(text)))
}

// SignRS256 signs as its header says.
func SignRS256(key *rsa.PrivateKey, header, claims map[string]any) string {
	return Compact(header, claims, func(text []byte) []byte {
		hash := sha256.Sum256(text)
		signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, hash[:])
		if err != nil {
			panic(err)
		}
		return signature
	})
}

// SignHS256 signs with a secret, which may be what is no secret.
func SignHS256(secret []byte, header, claims map[string]any) string {
	return Compact(header, claims, func(text []byte) []byte {
		mac := hmac.New(sha256.New, secret)
		mac.Write(text)
		return mac.Sum(nil)
	})
}
