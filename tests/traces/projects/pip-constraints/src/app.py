from itsdangerous import Signer
