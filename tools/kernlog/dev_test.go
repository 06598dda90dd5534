package kernlog
import ("testing";"os";"encoding/json";"fmt";"time")
func TestDev(t *testing.T){
 f:=os.Getenv("F"); if f==""{t.Skip("no F")}
 r,_:=os.Open(f)
 s:=NewScanner(r,Options{Now:time.Now()})
 for s.Scan(){ b,_:=json.Marshal(s.Report()); fmt.Println(string(b)) }
 b,_:=json.Marshal(s.Summary()); fmt.Println(string(b), s.Err())
}
