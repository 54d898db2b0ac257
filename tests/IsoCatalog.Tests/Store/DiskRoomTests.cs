using IsoCatalog.Appliance.Events;
using IsoCatalog.Appliance.Store;
using IsoCatalog.Surfaces.Files;
using IsoCatalog.Testing;
using Xunit;

namespace IsoCatalog.Tests.Store;

public sealed class DiskRoomTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>The data folder is away for a while: each try that fails then must not take room for ever.</summary>
    [Fact]
    public void A_claim_that_could_not_be_weighed_holds_no_room()
    {
        var folders = new SiteFolders(_folder.Combine("data"), _folder.Combine("inbox"));
        folders.Create();
        var room = new DiskRoom(folders, new Reserve(folders, 1 << 20, new SiteAlarms(new EventLog(TimeProvider.System), TimeProvider.System)), 0);
        var half = FreeSpace.Of(folders.Staging).AvailableBytes / 2;
        Directory.Move(folders.Data, _folder.Combine("away"));
        Assert.ThrowsAny<IOException>(() => room.TryClaim(folders.NewStagingFile(), half));
        Assert.ThrowsAny<IOException>(() => room.TryClaim(folders.NewStagingFile(), half));
        Directory.Move(_folder.Combine("away"), folders.Data);

        var (claim, shortage) = room.TryClaim(folders.NewStagingFile(), half);

        Assert.Null(shortage);
        claim!.Dispose();
    }

    [Theory]
    [InlineData(24, true)]
    [InlineData(23, true)]
    [InlineData(12, true)]
    [InlineData(13, true)]
    [InlineData(116, true)]
    [InlineData(5, false)]
    [InlineData(117, false)]
    public void Only_an_error_of_the_file_itself_says_something_of_its_bytes(int error, bool nothing) =>
        Assert.Equal(nothing, DiskFault.SaysNothing(new IOException("", error)));
}
