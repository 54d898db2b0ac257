using System.Globalization;
using IsoCatalog.Appliance.Access;
using IsoCatalog.Client;
using IsoCatalog.Core.Readiness;

namespace IsoCatalog.Appliance.Web;

/// <summary>
/// Everything that the page says by itself, in one language. What an answer of the API says (reasons, titles, names, codes) is not translated: it stands there as it
/// came. Pure; each language is a class, so that none can lack a word.
/// </summary>
public abstract class Words
{
    /// <summary>The first is for whoever asks for none of them.</summary>
    public static readonly IReadOnlyList<Words> All = [new EnglishWords(), new RussianWords()];

    public static Words English => All[0];

    /// <summary>As in <c>lang</c> (BCP 47).</summary>
    public abstract string Tag { get; }

    /// <summary>The language's own name for itself, for the switch.</summary>
    public abstract string Name { get; }

    public abstract string Live { get; }

    public abstract string NotConnected { get; }

    public abstract string LanguageTitle { get; }

    public abstract string Skip { get; }

    public abstract string SignIn { get; }

    public abstract string SignOut { get; }

    public abstract string TokenLabel { get; }

    public abstract string NoForm { get; }

    /// <summary>What stands before and after the command that makes a token.</summary>
    public abstract (string Before, string After) TokenHint { get; }

    public abstract string UpSince { get; }

    /// <summary>What stands before the command, between it and the link, and in the link.</summary>
    public abstract (string Before, string Between, string Link) Elsewhere { get; }

    public abstract string Summary { get; }

    public abstract string Attention { get; }

    public abstract string OnTheWay { get; }

    public abstract string Empty { get; }

    public abstract string InOrder { get; }

    public abstract string AllAdvertised { get; }

    public abstract string NoImageYet { get; }

    public abstract string FigureEverywhere { get; }

    public abstract string FigureOnTheWay { get; }

    public abstract string FigureHeard { get; }

    public abstract string FigureRestorable { get; }

    public abstract string FigureFree { get; }

    public abstract string DriftTitle { get; }

    public abstract string NoDrift { get; }

    public abstract string Problem { get; }

    public abstract string TransfersTitle { get; }

    public abstract string NothingOnTheWay { get; }

    public abstract string AliasMoves { get; }

    public abstract string AddedHere { get; }

    public abstract string Sending { get; }

    public abstract string Waits { get; }

    public abstract string SitesTitle { get; }

    public abstract string ThisSite { get; }

    public abstract string SiteOk { get; }

    public abstract string SiteLate { get; }

    public abstract string SiteNotHeard { get; }

    public abstract string UpToDate { get; }

    public abstract string BehindUnknown { get; }

    public abstract string NoAnswerYet { get; }

    public abstract string ImagesTitle { get; }

    public abstract string Image { get; }

    public abstract string Filter { get; }

    public abstract string OnlyUnready { get; }

    public abstract string Show { get; }

    public abstract string ShowAll { get; }

    public abstract string NoImageLikeThat { get; }

    public abstract string NoImages { get; }

    public abstract string Where { get; }

    public abstract string Everywhere { get; }

    public abstract string Faulty { get; }

    public abstract string PagesTitle { get; }

    public abstract string Previous { get; }

    public abstract string Next { get; }

    public abstract string LeasesTitle { get; }

    public abstract string NoLeases { get; }

    public abstract string RetiredTitle { get; }

    public abstract string NoRetired { get; }

    public abstract string RecallsTitle { get; }

    public abstract string NoRecalls { get; }

    public abstract string NoReasonGiven { get; }

    public abstract string Surface { get; }

    public abstract string Client { get; }

    public abstract string SinceTitle { get; }

    public abstract string RunsOutIn { get; }

    public abstract string SizeTitle { get; }

    public abstract string Removed { get; }

    public abstract string KeptUntil { get; }

    public abstract string Why { get; }

    public abstract string By { get; }

    public abstract string LeasesHere { get; }

    public abstract string JustNow { get; }

    protected abstract string Unknown { get; }

    protected abstract string Late { get; }

    /// <summary>Units from bytes up, each 1,024 of the one before.</summary>
    protected abstract IReadOnlyList<string> Units { get; }

    protected abstract string PerSecond { get; }

    /// <summary>Seconds, minutes, hours, days.</summary>
    protected abstract (string Seconds, string Minutes, string Hours, string Days) Spans { get; }

    protected abstract IReadOnlyList<string> Months { get; }

    protected abstract char Point { get; }

    public abstract string Images(int count);

    public abstract string Sites(int count);

    public abstract string Surfaces(int count);

    public abstract string Documents(int count);

    public abstract string Leases(int count);

    /// <summary>Of the summary: only the word after the number.</summary>
    public abstract string FigureLeases(int count);

    /// <summary>Of the summary: only the word after the number.</summary>
    public abstract string FigureDrift(int count);

    public abstract string Drifting(int count);

    public abstract string NotEverywhere(int count);

    public abstract string NotHeard(string sites);

    public abstract string On(string where);

    public abstract string At(string site);

    public abstract string ByAt(string by, string site);

    public abstract string Of(string part, string whole);

    public abstract string Advertised(int count, int wanted);

    /// <summary>As the command line says it of a whole site.</summary>
    public abstract string Ready(string state, int ready, int count);

    public abstract string SitesInOrder(int count);

    public abstract string Heard(string ago);

    public abstract string Behind(string what);

    public abstract string Free(string size);

    public abstract string LinkUp(string span);

    public abstract string Left(string span);

    public abstract string From(string peers);

    public abstract string To(string peer);

    public abstract string PageOf(int number, int pages);

    /// <summary>What a fold holds besides what is seen.</summary>
    public abstract string More(int count);

    /// <summary>What is not in the page at all; a command follows that lists it.</summary>
    public abstract string NotShown(int count);

    public abstract string Ago(string span);

    /// <summary>A state by its bare word.</summary>
    public abstract string State(CellState state);

    /// <summary>What a transfer does; as it came where it is not known.</summary>
    public abstract string Transfer(string state);

    /// <summary>What an add does; as it came where it is not known.</summary>
    public abstract string Step(string step);

    /// <summary>Why a token was refused.</summary>
    public abstract string Refusal(AccessDecision.Refused refused);

    /// <summary>Why a cell is absent or withdrawn, where that is nobody's fault; null where only its reason says it.</summary>
    protected abstract string? Plight(string? code);

    /// <summary>A cell in words; null for one of which nothing is known.</summary>
    public string Cell(CellView? cell) => cell switch
    {
        null => Unknown,
        { State: CellState.Advertised, Code: ReasonCode.SiteLate } => Late,
        { State: CellState.Absent or CellState.Withdrawn } when Plight(cell.Code) is { } plight => $"{State(cell.State)}, {plight}",
        { State: CellState.Fetching or CellState.Verifying, Progress: { } progress } => $"{State(cell.State)} {Percent(progress)}",
        _ => State(cell.State),
    };

    /// <summary>Never rounded up to done.</summary>
    /// <param name="share">0 to 1.</param>
    public string Percent(double share) => Wording.CellWords.Share(share);

    public string Size(long bytes)
    {
        var (value, unit) = ((double)bytes, 0);
        while (value >= 1024 && unit < Units.Count - 1)
        {
            (value, unit) = (value / 1024, unit + 1);
        }

        return $"{(unit == 0 ? Number(bytes) : Number(value, 1))}\u00A0{Units[unit]}";
    }

    public string Rate(double bytes) => bytes > 0 ? $"{Size((long)bytes)}/{PerSecond}" : "";

    public string Span(TimeSpan span)
    {
        var (value, unit) = span switch
        {
            { TotalSeconds: < 0 } => ("0", Spans.Seconds),
            { TotalSeconds: < 10 } => (Number(span.TotalSeconds, 1), Spans.Seconds),
            { TotalMinutes: < 2 } => (Number(span.TotalSeconds, 0), Spans.Seconds),
            { TotalHours: < 2 } => (Number(span.TotalMinutes, 0), Spans.Minutes),
            { TotalDays: < 2 } => (Number(span.TotalHours, 0), Spans.Hours),
            _ => (Number(span.TotalDays, 0), Spans.Days),
        };
        return $"{value}\u00A0{unit}";
    }

    /// <summary>UTC, as everything here.</summary>
    public string Time(DateTimeOffset at) => $"{Day(at)}, {at.UtcDateTime.ToString("HH:mm:ss", CultureInfo.InvariantCulture)} UTC";

    public string Day(DateTimeOffset at) => string.Create(CultureInfo.InvariantCulture, $"{at.UtcDateTime.Day} {Months[at.UtcDateTime.Month - 1]} {at.UtcDateTime.Year}");

    public string Number(int count) => Number(count, 0);

    /// <summary>Groups of three from 10,000 on, parted by a thin space that does not break.</summary>
    protected string Number(double value, int decimals = 0)
    {
        var text = value.ToString("F" + decimals, CultureInfo.InvariantCulture);
        var (whole, rest) = text.Split('.') is [var w, var r] ? (w, Point + r) : (text, "");
        for (var at = whole.Length - 3; whole.Length > 4 && at > 0; at -= 3)
        {
            whole = whole.Insert(at, "\u202F");
        }

        return whole + rest;
    }
}
