#include "metrics/text_writer.hpp"

#include <chrono>
#include <string>

#include "support/catch.hpp"

using namespace std::chrono_literals;
namespace metrics = porter::detail::metrics;
using metrics::kind;

TEST_CASE("a family has its help and its type before its samples")
{
    metrics::text_writer writer;
    writer.write("porter_things_total", kind::counter, "Things.", 12U);
    writer.begin("porter_parts", kind::gauge, "Parts.");
    writer.add(3, {{"side", "left"}, {"colour", "red"}});
    writer.add(0, {{"side", "right"}, {"colour", "red"}});
    CHECK(writer.text() ==
          "# HELP porter_things_total Things.\n# TYPE porter_things_total counter\nporter_things_total 12\n"
          "# HELP porter_parts Parts.\n# TYPE porter_parts gauge\n"
          "porter_parts{side=\"left\",colour=\"red\"} 3\nporter_parts{side=\"right\",colour=\"red\"} 0\n");
}

TEST_CASE("help and label values are escaped")
{
    metrics::text_writer writer;
    writer.begin("x", kind::gauge, "A \"b\" \\ c\nd");
    writer.add(1, {{"l", "a\"b\\c\nd"}});
    CHECK(writer.text() == "# HELP x A \"b\" \\\\ c\\nd\n# TYPE x gauge\nx{l=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST_CASE("durations are exact seconds without superfluous zeros")
{
    CHECK(metrics::seconds_text(0s) == "0");
    CHECK(metrics::seconds_text(90s) == "90");
    CHECK(metrics::seconds_text(2500us) == "0.0025");
    CHECK(metrics::seconds_text(10s + 1ns) == "10.000000001");
    metrics::text_writer writer;
    writer.write("x_seconds", kind::gauge, "X.", std::chrono::nanoseconds{1500ms});
    CHECK(writer.text() == "# HELP x_seconds X.\n# TYPE x_seconds gauge\nx_seconds 1.5\n");
}

TEST_CASE("the buckets of a histogram are cumulative and the last one is its count")
{
    metrics::histogram values;
    values.observe(100us);
    values.observe(200us);
    values.observe(1min);
    metrics::text_writer writer;
    writer.begin("x_seconds", kind::histogram, "X.");
    writer.add(values, {{"lane", "a"}});
    auto const& text = writer.text();
    CHECK(text.find("x_seconds_bucket{lane=\"a\",le=\"0.0001\"} 1\n") != std::string::npos);
    CHECK(text.find("x_seconds_bucket{lane=\"a\",le=\"0.00025\"} 2\n") != std::string::npos);
    CHECK(text.find("x_seconds_bucket{lane=\"a\",le=\"5\"} 2\n") != std::string::npos);
    CHECK(
        text.ends_with("x_seconds_bucket{lane=\"a\",le=\"+Inf\"} 3\nx_seconds_sum{lane=\"a\"} 60.0003\n"
                       "x_seconds_count{lane=\"a\"} 3\n"));
}
