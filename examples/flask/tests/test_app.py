import unittest

from app import app, entries


class GuestBookTest(unittest.TestCase):
    def setUp(self):
        entries.clear()
        self.client = app.test_client()

    def test_a_signature_is_shown(self):
        self.client.post("/sign", data={"name": "Ada", "message": "Lovely <b>place</b>"})
        page = self.client.get("/").get_data(as_text=True)
        self.assertIn("Ada", page)
        self.assertNotIn("<b>place</b>", page)

    def test_an_empty_message_is_refused(self):
        answer = self.client.post("/sign", data={"name": "Ada", "message": " "})
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(self.client.get("/healthz").get_json()["entries"], 0)


if __name__ == "__main__":
    unittest.main()
