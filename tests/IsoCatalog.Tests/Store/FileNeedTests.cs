using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Store;
using Xunit;

namespace IsoCatalog.Tests.Store;

/// <summary>Too few open files: said at the start, and once when it comes later.</summary>
public sealed class FileNeedTests
{
    [Theory]
    [InlineData(256, 0, true)]
    [InlineData(447, 0, true)]
    [InlineData(448, 0, false)]
    [InlineData(1024, 576, false)]
    [InlineData(1024, 577, true)]
    [InlineData(long.MaxValue, 20_000, false)]
    public void Each_image_takes_one_and_the_program_and_connections_take_the_rest(long limit, int images, bool tooFew)
    {
        var problem = new FileNeed(limit, images).Problem;

        Assert.Equal(tooFew, problem is not null);
        Assert.All(
            tooFew ? [$"may have {limit:N0} files", $"needs {448 + images:N0}", "320 for the program", "128 for connections", "LimitNOFILE=65536", "ulimit -n 65536"] : Array.Empty<string>(),
            word => Assert.Contains(word, problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Running_out_is_one_alarm_until_there_is_room_again()
    {
        var events = new EventLog(TimeProvider.System);
        var alarms = new SiteAlarms(events, TimeProvider.System);
        var room = new FileRoom(alarms);
        foreach (var (open, said) in new (int?, bool)[] { (900, false), (992, false), (993, true), (null, true), (961, true), (1024, true), (960, false), (980, false), (1000, true) })
        {
            room.Look(1024, open);
            Assert.Equal(said, alarms.Standing.Any());
        }

        Assert.Equal(2, events.DriftFound[("files-exhausted", "")]);
        Assert.Contains("1,024", Assert.Single(alarms.Standing).Reason, StringComparison.Ordinal);
    }
}
