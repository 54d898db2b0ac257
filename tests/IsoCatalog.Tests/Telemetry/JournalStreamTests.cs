using IsoCatalog.Appliance.Telemetry;
using Microsoft.Extensions.Logging;
using Xunit;

namespace IsoCatalog.Tests.Telemetry;

public sealed class JournalStreamTests
{
    [Theory]
    [InlineData(LogLevel.Critical, "one", "<2>one\n")]
    [InlineData(LogLevel.Error, "one\n", "<3>one\n")]
    [InlineData(LogLevel.Warning, "one\ntwo\r\n\nthree", "<4>one\n<4>two\n<4>three\n")]
    [InlineData(LogLevel.Information, "<0>forged", "<6><0>forged\n")]
    [InlineData(LogLevel.Debug, "", "")]
    public void Each_line_has_the_priority_of_all(LogLevel level, string text, string lines) => Assert.Equal(lines, JournalStream.Lines(level, text));
}
