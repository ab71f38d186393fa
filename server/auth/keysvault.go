package auth

import "encoding/json"

// Vault returns the keyset of package vault that is kept beside the keys of the tokens, or nil.
func (k *Keys) Vault() []byte { return k.current().vault }

// WithVault returns the secrets with another keyset of package vault.
func (k *Keys) WithVault(keyset json.RawMessage) (text []byte, err error) {
	var file keyFile
	if err := json.Unmarshal([]byte(k.reload().raw), &file); err != nil {
		return nil, err
	}
	file.Vault = keyset
	return json.Marshal(file)
}
