const API_ADDRESS = 'https://old.example.com';
