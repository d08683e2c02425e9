// A chat: chat PORT DATA_DIR [identify]. Each text goes to every other member; /who lists them. The members are on two
// I/O threads; one that does not read is closed as slow_consumer, and the others do not wait for it.
#include <asio/signal_set.hpp>
#include <iostream>
#include <list>
#include <mutex>
#include <porter/server.hpp>

struct member {
    std::string name;
    porter::outbox outbox;
};

/// All members, for use from any thread.
class channel {
public:
    /// Leaves the channel when it is destroyed.
    class membership {
    public:
        membership(channel& target, member self) : channel_(target)
        {
            std::lock_guard const lock{channel_.mutex_};
            self_ = channel_.members_.insert(channel_.members_.end(), std::move(self));
            channel_.post_to_others(*self_, "* " + self_->name + " has arrived");
        }
        ~membership()
        {
            std::lock_guard const lock{channel_.mutex_};
            channel_.post_to_others(*self_, "* " + self_->name + " has left");
            channel_.members_.erase(self_);
        }
        membership(membership const&) = delete;
        membership& operator=(membership const&) = delete;

        void say(std::string const& text) const
        {
            std::lock_guard const lock{channel_.mutex_};
            channel_.post_to_others(*self_, self_->name + ": " + text);
        }

    private:
        channel& channel_;
        std::list<member>::iterator self_;
    };

    std::string names() const
    {
        std::string names = "* here:";
        std::lock_guard const lock{mutex_};
        for (auto const& each : members_) names += " " + each.name;
        return names;
    }

private:
    void post_to_others(member const& sender, std::string text) const
    {
        auto const line = std::make_shared<std::string const>(std::move(text));  // one copy for all
        for (auto const& each : members_) {
            if (&each == &sender) continue;
            if (each.outbox.post(line) == porter::post_result::full)
                each.outbox.close(porter::code::slow_consumer, "too many unread lines");
        }
    }

    mutable std::mutex mutex_;
    std::list<member> members_;
};

porter::task<void> chat(porter::connection& client, channel& lobby)
{
    channel::membership const self{lobby, {std::string{client.name()}, client.outbox()}};
    while (auto text = co_await client.receive_text()) {
        if (*text == "/who") {
            client.queue(lobby.names());
        } else {
            self.say(*text);
        }
    }
}

int main(int argc, char** argv)
{
    if (argc < 3) return std::cerr << "usage: chat PORT DATA_DIR [identify]\n", 64;
    channel lobby;
    asio::io_context io;
    auto const port = static_cast<std::uint16_t>(std::stoi(argv[1]));
    porter::server_options options{.port = port, .data_dir = argv[2], .threads = 2};
    options.max_frame = 64 * 1024;  // a sixteenth of max_outbox: one text does not fill the outboxes
    if (argc > 3) options.access = porter::access::identify;  // a name is enough
    porter::server server{io, options, [&lobby](porter::connection& client) { return chat(client, lobby); }};
    asio::signal_set signals{io, SIGINT, SIGTERM};
    signals.async_wait([&](auto, int) { server.stop(); });
    std::cout << "listening on " << server.local_endpoint() << std::endl;
    io.run();
}
