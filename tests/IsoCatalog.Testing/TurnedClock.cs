namespace IsoCatalog.Testing;

/// <summary>
/// A wall clock of a site that is turned while it runs (<c>tests/turnclock</c>); time passes as it does, and no other clock is touched. To be made before the site is
/// started, and disposed of after it.
/// </summary>
public sealed class TurnedClock : IDisposable
{
    private readonly TempFolder _folder;

    private TurnedClock(TempFolder folder, string library)
    {
        _folder = folder;
        Library = library;
    }

    /// <summary>For LD_PRELOAD.</summary>
    public string Library { get; }

    /// <summary>The variable that names the file which <see cref="Turn"/> writes.</summary>
    public static string Variable => "TURNCLOCK";

    public static async Task<TurnedClock> CreateAsync(CancellationToken cancellationToken)
    {
        var folder = new TempFolder();
        return new TurnedClock(folder, await PreloadedLibrary.CompileAsync("turnclock", folder, cancellationToken));
    }

    /// <summary>The clock that reads this file is off by so many seconds from now on. The file has to be there before the site starts.</summary>
    public static void Turn(string file, TimeSpan off)
    {
        // In place: the site has it mapped.
        using var opened = File.OpenHandle(file, FileMode.OpenOrCreate, FileAccess.Write);
        RandomAccess.Write(opened, BitConverter.GetBytes((long)off.TotalSeconds), 0);
    }

    public void Dispose() => _folder.Dispose();
}
