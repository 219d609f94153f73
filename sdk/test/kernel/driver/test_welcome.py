"""A new subscriber hears the welcome before anything else, however much is being said."""

from __future__ import annotations

from kernel_fixture import KernelCase

SUBSCRIBERS = 40
CHATTER = "for (let i = 0; i < 4000; i++) { console.log(i); await new Promise((r) => setImmediate(r)); }"


class Welcome(KernelCase):
    """Clients that come while a cell prints."""

    def test_the_first_message_is_the_welcome(self) -> None:
        self.send(CHATTER)
        firsts = []
        for _ in range(SUBSCRIBERS):
            client = self.km.client()
            client.iopub_channel.start()
            firsts.append(client.get_iopub_msg(timeout=30)["msg_type"])
            client.stop_channels()
        assert firsts == ["iopub_welcome"] * SUBSCRIBERS
