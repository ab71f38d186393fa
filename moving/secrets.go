package moving

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"contractor-portal/server/vault"
)

// decoded changes a row as a JSON object; numbers keep their digits.
func decoded(row []byte, change func(map[string]any) error) ([]byte, error) {
	values := map[string]any{}
	d := json.NewDecoder(bytes.NewReader(row))
	d.UseNumber()
	if err := d.Decode(&values); err != nil {
		return nil, fmt.Errorf("a row is no JSON object: %w", err)
	}
	if err := change(values); err != nil {
		return nil, err
	}
	return json.Marshal(values)
}

// place is where a secret of a row is kept, for whoever seals it. People are known by their ids.
func place(customer string, t Table, column string, row map[string]any) (vault.Place, error) {
	_, table, _ := strings.Cut(t.Name, ".")
	p := vault.Place{Customer: customer, Table: table, Column: column}
	if vault.Seals(column) {
		p.Name, _ = row[vault.NameColumn(table)].(string)
	} else {
		key := t.Key[0]
		p.Name = fmt.Sprint(row[key])
	}
	if n, ok := row["user_id"].(json.Number); ok && vault.Seals(column) {
		id, err := n.Int64()
		if err != nil {
			return p, err
		}
		p.User = &id
	}
	return p, nil
}

// pack seals a row's secrets for the archive.
func (s *Secrets) pack(customer string, t Table, row []byte) ([]byte, error) {
	return decoded(row, func(values map[string]any) error {
		for _, c := range t.Secrets {
			text, ok := values[c].(string)
			if !ok {
				continue
			}
			at, err := place(customer, t, c, values)
			if err != nil {
				return err
			}
			if vault.Seals(c) {
				if text, err = s.opened(at, text); err != nil {
					return err
				}
			}
			sealed, err := s.Seal.Seal(at, text)
			if err != nil {
				return err
			}
			values[c] = base64.StdEncoding.EncodeToString(sealed)
		}
		return nil
	})
}

// opened is a value as PostgreSQL prints its ciphertext, \x and hexadecimal.
func (s *Secrets) opened(at vault.Place, text string) (string, error) {
	sealed, err := hex.DecodeString(strings.TrimPrefix(text, `\x`))
	if err != nil {
		return "", err
	}
	return s.Open.Open(at, sealed)
}

// unpack opens what the archive of a customer has sealed, and seals for another customer what the vault seals. The row's
// user may have another id there.
func (s *Secrets) unpack(from, to string, t Table, values map[string]any, user func(json.Number) (json.Number, error)) error {
	for _, c := range t.Secrets {
		text, ok := values[c].(string)
		if !ok {
			continue
		}
		at, err := place(from, t, c, values)
		if err != nil {
			return err
		}
		sealed, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return fmt.Errorf("%s is not what an archive has of a secret", c)
		}
		secret, err := s.Open.Open(at, sealed)
		if err != nil {
			return err
		}
		if vault.Seals(c) {
			if secret, err = s.sealed(to, t, c, values, user, secret); err != nil {
				return err
			}
		}
		values[c] = secret
	}
	return nil
}

func (s *Secrets) sealed(to string, t Table, column string, values map[string]any, user func(json.Number) (json.Number, error), secret string) (string, error) {
	row := map[string]any{}
	for k, v := range values {
		row[k] = v
	}
	if old, ok := row["user_id"].(json.Number); ok {
		id, err := user(old)
		if err != nil {
			return "", err
		}
		row["user_id"] = id
	}
	at, err := place(to, t, column, row)
	if err != nil {
		return "", err
	}
	sealed, err := s.Seal.Seal(at, secret)
	return `\x` + hex.EncodeToString(sealed), err
}
